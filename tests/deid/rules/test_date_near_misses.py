import pytest

from spacy_modernbert_bio.deid.rules.dates import DATE_RULES
from spacy_modernbert_bio.deid.rules.rule import match_rules

NEAR_MISSES = """
saw her on POD#3. May go home
given 3. May repeat
O2 sat 92-94 on RA
sat 94.5
strength 5/5
Strength: deltoid 4/5, biceps 4/5
5/12 strength
strength 3/11
right grip 4/5, left hip flexors 3/11
WBC 10/5
10/20 system
color plates 6/14
6/14 plates
arrived by EMS at 2146
graded 5/12
strength improved from 3/5 to 4/5
strength 4/5-5/5
BP 120/80
blood pressure of 98/60
1/2 tab
1/2-3/4 tab
take 1/2 tablet on admission
2/6 murmur
2/6 systolic ejection murmur
pain 7/10
6/10
Apgar 8/9
Apgars of 8/9
GCS 3-15
GCS 10/15
29/30 on MMSE
vision 20/20
visual acuity was 6/9 in the right eye
3/14 lymph nodes
2/2 bottles positive
in 7/12 patients
38 4/7 weeks
at 28 and 3/7 weeks
1/3rd of the tibia
Vicryl 2/0
10/12 trocar
insulin 70/30
Diovan 320/12.5
Vytorin 10/40 mg
24/7
L4/5
C5/7
6/7.5
GCS of 11/15
MMSE 20/28
L4-5
C5-6
q8h
POD#3
POD 3
3-4 days
10-20 mg
on 2-3 liters
on 3-4 occasions
1-2 times
potassium 3.14
version 3.1.14
v1.2.19
5/10/20 mg
00/00/00
20/40/60
13/45
0/5
WBC 2000
2000 mL
about 2000 cc
in 2000 patients
para 2012
at 2000 hours
1900-2000 hours
850-2019
B2019
0.2019
May help
You may take 2
may 3 times
May 3 times daily
take 2 may repeat
April is here with June
her daughter June
marched in
OCT 300 um
DEC 5 mg
Christmas tree pattern
Christmas disease
Easter Seals
on the 4th toe
on the 14th day
the 5th grade
since the 5th grade
on Monday
Mon and Wed
at 10:30
last week
three days ago
90210-3142
123-45-6789
536-22-6789
617-555-0198
1:2048
5'11
12:05
1.2.840.10008
7.35/45/80
""".strip().splitlines()


@pytest.mark.parametrize("note", NEAR_MISSES)
def test_what_only_looks_like_a_date_is_left(note: str) -> None:
    assert match_rules(note, DATE_RULES) == []
