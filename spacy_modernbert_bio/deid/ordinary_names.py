"""Names that are words of notes too, months among them: in small letters they are no names."""

from spacy_modernbert_bio.deid.wording import word_set

ORDINARY = word_set(
    "april august autumn baker ball banks bell best bill bird black block bloom blue bond "
    "brook brown burns bush carter case chance chase child christian church clay cole colon "
    "constant cook cross daisy dale dawn day dean drew early ernest faith fall field fields "
    "fish fisher foot ford forest fox frank gay gene good grace grant gray green grey guy "
    "hand hands hardy head heart heath hill holder hope house hunter iris ivy jack joy june "
    "king knight lake lane lily little long love low major march mark may miles miller moody "
    "moon olive page park parks pat patience penny person pole pope porter post power price "
    "prince ray red reed rich rivers robin rock rose ruby rush sage savage scales sharp short "
    "silver small snow stone storm street strong summer swift temple van victor violet wade "
    "walker wall ward waters way west white will winter wise wolf wood woods worth young"
)
