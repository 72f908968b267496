"""Words that begin with a capital in notes and are no names of people or places; and countries.

Rules for names refute candidates by them. A word that is also a name ("May", "Young", "Long") is
not here: after a title it is a name.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Where a sentence, a heading or all-capital prose goes on after a name.
FUNCTION_WORDS = _words("""
    a about after again all also an and any are as at be because been before both but by came
    can concerning could did does for from had has have he her here him his how however i if in
    into is it its made might my no none not of off on or our out over per please reports said
    saw says she should since so some states such than thank thanks that the their them then
    there these they this those though to today told under until up upon was we were what when
    where which while who whom with would yes yesterday you your
""")
# What people do in notes: in all-capital prose these go on after a name.
VERBS = _words("""
    admits admitted appears arrived asked asks born called complained complains continued continues
    denied denies describes developed feels felt followed gave gets goes got lives lived looks moved
    notes noted presented presents received refused refuses remained remains reported reports
    returned returns rolled seen sleeps slept started states stated takes taken tolerated took
    underwent wants went works worked
""")
# Parts of the body, services, roles, findings and other nouns that head a line or a list.
CLINICAL_WORDS = _words("""
    abdomen abdominal acute admission admit admitted adopted afib age air alive allergies
    alzheimer alzheimer's anesthesia anesthesiology anesthetist angiogram angiography
    arrived arthritis assessment assistant associate asthma available aware back bilateral
    bleeding blood bowel brain breast breath ca cad called cancer cardiac cardiology
    cardiothoracic care case category cause center cordially cervical chart chemo chest chf chief
    child-pugh chronic ckd class clinic clinical complaint condition consent consult
    consultant consultation consulting contact continue controlled copd coronary cough
    course covering crohn's culture cva dad daily daughter day deceased december deferred
    denied denies department dermatology diabetes diabetic diagnosis died diet discharge
    discharged discussed disease dm doctor dose dr dvt education emergency endocrine
    endocrinology english esrd evaluation exam examination extremity factor family father
    february female fever findings floor follow followed followup fracture friday
    gastroenterology general generator given goals good grade group had headache healthy
    heart hematology hepatitis history hodgkin's home hospital hospitalist htn hypertension
    identified imaging impression infection infectious initial injury inpatient intensive
    internal interventional intraoperative january july knee lab laboratory left level
    levels life living lumbar lung lymph male man manager march medical medication
    medications medicine mi midwife minutes miss model mom monday mother mr mri mrs ms
    nausea neck nephrology neurology neurosurgery new nonsmoker normal note noted notified
    november number nurse nurses nursing obstetrics occupational october office old oncology
    operating ophthalmology oral orders orthopaedic orthopaedics orthopedic orthopedics
    other otolaryngology outpatient pacemaker pain palliative parents parkinson's passed
    past pathology patient pe pediatric pediatrics pelvic pending phone physical physician
    physicians plan plans position post practitioner pregnant present presented presents
    primary procedure prostate psychiatric psychiatry pulmonary radiology reason received
    recommendations recommended record recorder recovery referral referred referring
    regarding rehab rehabilitation renal report reproductive requested resident respiratory
    result results return review reviewed rheumatology right routine safety salter-harris sincerely
    same saturday section seen self september serial service services severe shortness skin
    smoker sob social son spanish speaking specialist spine spouse staff stage status stroke
    sunday surgeon surgery surgical symptoms teaching team test therapist therapy thoracic
    thursday thyroid transferred transplant trauma treatment tuesday type unavailable unit
    unknown unremarkable urgent urologist urology vascular visit vital vitamin vomiting ward
    wednesday wife woman wound xray year years zone
""")
NOT_NAMES = FUNCTION_WORDS | VERBS | CLINICAL_WORDS
# Of these, some that are family names too.
SURNAMES = _words("case day english good heart jan march new old page pain post son wood")
# Of hospitals, as notes call them, and words behind a role in a heading: "Attending Attestation".
SERVICES = _words("""
    addendum addiction advance advised agree agreed anesthesiologist attestation attested bmt burn
    cards case cath clearance comments coordinator crisis ct derm documentation ear echo ed endo
    ent er float forensic friends geri geriatrics gi gu gyn hand heme hepatology hospice icu id ir
    line management manager micu neuro neurosurg nicu night nsg nsgy nutrition ob onc ophtho optho
    oral ortho overnight palliative peds pharmacy picc picu plastic plastics police pod pre present
    progress psych pt pulm rapid recommends recs renal research rheum rounds sicu social speech
    sports statement stroke study supervising supervision surg surgical swallow tele thoracics
    toxicology triage tumor uro urogyn vascular wcc work wound
""")
# In small letters no names, though some are where they have a capital.
SMALL_WORDS = SERVICES | _words("""
    above absent advises alert appointment appt appts asap awaiting bedside below brain busy call
    charge cont'd contin cover coverage covering d/c declined discuss doc done elective
    eval evaluating feeling flare flow fu gradient grade hold imaging incoming intern jet jets
    lesion lesions md mild moderate mri multiple n/a na names nil np office ok okay on-call only
    orders outside paged pages pending phone prn private recommended relapse
    requesting resting rn rounding same scan scans see sent several shift signature spine
    stable tbd telephone then trace trivial unassigned updated various verbal vna wants will witness
    may writing written
""")
# What people live in.
DWELLINGS = _words("""
    a adult an apartment apartments apt area assisted basement board both boarding building car
    college community condo condominium country dorm dormitory duplex elderly extended facility
    foster general group halfway high-rise home homeless hotel house housing independent long
    mobile motel multi-level nearby nh nursing one own pain poor poverty prison public ranch
    residential rest retirement rural same section senior seniors shelter single skilled sober
    split-level state subsidized supervised supported supportive the tent third town trailer
    two two-story unit utero vehicle walk-up
""")
# What else begins with a capital after "in".
NO_CITIES = _words("""
    afib arabic betadine chinese class clinic creole english fowler french full german gram greek
    hindi italian japanese kerlix korean ligasure lithotomy mandarin phase portuguese prone recovery
    ringer ringers russian situ sims spanish stage step supine surgery surgicel table trendelenburg
    urdu utero vietnamese vitro vivo
""")
# Words before "Hospital" or "Clinic" that name none: a hospital is more than these.
GENERIC_PLACES = NOT_NAMES | _words("""
    academic acute allergy another anticoagulation any area arthritis assisted birth burn cancer
    charity community continuing coumadin current cystic day dental each ear every eye fertility
    fibrosis foot former hand headache hepatitis his hiv lipid local long-term memory men's
    mental movement national nearby nearest nose outside previous private public regional
    rehabilitation skilled sleep specialty sports state tertiary the throat transfer travel
    veterinary walk-in weight women's
""")
# In their usual English names (United Nations, member states), without those that are mostly a name
# of a person, a bird or an island ("Chad", "Guinea" alone).
COUNTRIES = frozenset(
    """
    Afghanistan|Albania|Algeria|Angola|Argentina|Armenia|Australia|Austria|Azerbaijan|Bahamas
    Bahrain|Bangladesh|Barbados|Belarus|Belgium|Belize|Benin|Bhutan|Bolivia|Bosnia|Botswana|Brazil
    Bulgaria|Burkina Faso|Burma|Burundi|Cambodia|Cameroon|Canada|Cape Verde|Chile|China|Colombia
    Congo|Costa Rica|Croatia|Cuba|Cyprus|Czech Republic|Denmark|Djibouti|Dominica
    Dominican Republic|Ecuador|Egypt|El Salvador|England|Eritrea|Estonia|Ethiopia|Fiji|Finland
    France|Gabon|Gambia|Germany|Ghana|Greece|Grenada|Guatemala|Guyana|Haiti|Honduras|Hong Kong
    Hungary|Iceland|India|Indonesia|Iran|Iraq|Ireland|Israel|Italy|Ivory Coast|Jamaica|Japan|Jordan
    Kazakhstan|Kenya|Korea|Kosovo|Kuwait|Kyrgyzstan|Laos|Latvia|Lebanon|Lesotho|Liberia|Libya
    Lithuania|Luxembourg|Macedonia|Madagascar|Malawi|Malaysia|Mali|Malta|Mauritania|Mauritius|Mexico
    Moldova|Mongolia|Montenegro|Morocco|Mozambique|Myanmar|Namibia|Nepal|Netherlands|New Zealand
    Nicaragua|Niger|Nigeria|North Korea|Norway|Oman|Pakistan|Palestine|Panama|Papua New Guinea
    Paraguay|Peru|Philippines|Poland|Portugal|Qatar|Romania|Russia|Rwanda|Samoa|Saudi Arabia
    Scotland|Senegal|Serbia|Sierra Leone|Singapore|Slovakia|Slovenia|Somalia|South Africa
    South Korea|South Sudan|Spain|Sri Lanka|Sudan|Suriname|Sweden|Switzerland|Syria|Taiwan
    Tajikistan|Tanzania|Thailand|Tibet|Togo|Tonga|Trinidad|Tunisia|Turkey|Turkmenistan|Uganda
    Ukraine|United Arab Emirates|United Kingdom|Uruguay|Uzbekistan|Venezuela|Vietnam|Wales|Yemen
    Zambia|Zimbabwe
    """.strip()
    .replace("\n", "|")
    .replace("  ", "")
    .split("|")
)
