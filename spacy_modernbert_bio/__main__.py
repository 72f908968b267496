"""`python -m spacy_modernbert_bio` is `modernbert-bio`."""

from spacy_modernbert_bio.cli.app import app

if __name__ == "__main__":
    app(prog_name="modernbert-bio")
