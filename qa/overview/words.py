"""Words that tell what a capitalised name is of: a person, an organisation, a place. Lower case; English articles.

The lists are short on purpose: most names are told apart by how the article uses them (`names.py`); these settle what use
alone leaves open.
"""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _listed(names: str) -> frozenset[str]:
    return frozenset(names.split(", "))


TITLES = _set(
    "president ceo cfo coo cto minister premier chancellor secretary senator sen rep representative congressman "
    "congresswoman gov governor mayor king queen prince princess emperor empress tsar sultan caliph pope sir lord "
    "lady dame dr prof professor mr mrs ms miss judge justice gen general col colonel maj major capt captain lt "
    "lieutenant sgt sergeant admiral marshal commander rabbi rev reverend father sister bishop archbishop "
    "cardinal imam sheikh ayatollah ambassador envoy coach director chairman chairwoman chair chief spokesman "
    "spokeswoman spokesperson analyst economist scientist engineer astronaut actor actress singer author writer "
    "director composer poet painter architect historian philosopher physicist astronomer chemist biologist "
    "mathematician journalist reporter editor lawyer attorney officer detective founder co-founder manager "
    "researcher aide adviser advisor deputy leader count duke duchess earl baron baroness midfielder striker "
    "goalkeeper defender captain author inventor explorer designer photographer politician activist"
)
"""Before a name: it is a person's. Written small ("envoy Kirill Dmitriev") or as part of the name ("President Trump")."""

ROLES = TITLES | _set(
    "executive head maker teacher fisherman farmer baker doctor nurse student pupil widow widower wife husband "
    "son daughter brother mother uncle aunt nephew niece cousin friend colleague champion player goalkeeper "
    "resident neighbour neighbor owner partner boss expert critic curator pilot sailor soldier veteran victim "
    "suspect witness keeper merchant mechanic volunteer chairperson treasurer clerk councillor mp lecturer fellow "
    "man woman boy girl apprentice heir rival named called"
)
"""Beside a person's name when written small: "his wife Christina", "Marta Lindqvist, chief executive"."""

PARTICLES = _set("de da di do du des del della la le van von der den ter ten bin ibn al el ben bat dos y")
"""Small words inside a person's name: "Ursula von der Leyen"."""

ORGANISATION_WORDS = _set(
    "agency ministry department office bureau commission committee council association federation union league "
    "organisation organization institute institution university college school academy bank fund company "
    "corporation corp inc ltd llc plc gmbh group holdings industries systems technologies motors airlines airways "
    "party congress parliament senate knesset assembly court police army navy force forces corps club team fc "
    "united foundation trust society museum library church hospital center centre laboratory laboratories lab "
    "labs observatory service services authority administration board times post journal news press herald "
    "guardian gazette magazine network broadcasting television radio media studios records entertainment partners "
    "capital ventures exchange orchestra theatre theater brigade regiment alliance coalition movement front "
    "initiative consortium nations mission program programme government cabinet legislature"
)

PLACE_WORDS = _set(
    "city town village county province state district region republic kingdom island islands isle peninsula sea "
    "ocean lake river bay gulf strait channel mountain mountains mount hills valley desert forest beach coast "
    "coastline harbour harbor port street avenue road square park bridge airport station territory continent "
    "basin plateau canyon crater north south east west northern southern eastern western heights falls "
    "archipelago fjord glacier strip building arena rink tower hall house palace castle cathedral temple stadium "
    "gate dock pier quay farm"
)

OTHER_WORDS = _set(
    "series cup war wars act day days treaty liberation science sciences theory effect prize award awards games "
    "olympics championship championships trophy festival revolution age era dynasty empire native americans "
    "croats serbs plenum apple central liberty concepts law laws plan project agreement declaration convention "
    "conference summit report review model method system disease syndrome syndromes rock music book song album "
    "film show awards battle operation mark forum rocket spacecraft mr resolution reform charter constitution "
    "bible edition version code prayer language languages culture"
)
"""Last words of names of something else."""

COUNTRIES = _listed(
    "afghanistan, albania, algeria, andorra, angola, argentina, armenia, australia, austria, azerbaijan, bahamas, "
    "bahrain, bangladesh, barbados, belarus, belgium, belize, benin, bhutan, bolivia, bosnia, bosnia and "
    "herzegovina, botswana, brazil, britain, great britain, brunei, bulgaria, burkina faso, burma, burundi, "
    "cambodia, cameroon, canada, cape verde, central african republic, chad, chile, china, colombia, comoros, "
    "congo, costa rica, croatia, cuba, cyprus, czech republic, czechia, denmark, djibouti, dominica, dominican "
    "republic, east timor, ecuador, egypt, el salvador, england, equatorial guinea, eritrea, estonia, eswatini, "
    "ethiopia, fiji, finland, france, gabon, gambia, georgia, germany, ghana, greece, greenland, grenada, "
    "guatemala, guinea, guinea-bissau, guyana, haiti, honduras, hong kong, hungary, iceland, india, indonesia, "
    "iran, iraq, ireland, israel, italy, ivory coast, jamaica, japan, jordan, kazakhstan, kenya, kiribati, "
    "kosovo, kuwait, kyrgyzstan, laos, latvia, lebanon, lesotho, liberia, libya, liechtenstein, lithuania, "
    "luxembourg, macedonia, north macedonia, madagascar, malawi, malaysia, maldives, mali, malta, mauritania, "
    "mauritius, mexico, micronesia, moldova, monaco, mongolia, montenegro, morocco, mozambique, myanmar, namibia, "
    "nauru, nepal, netherlands, holland, new zealand, nicaragua, niger, nigeria, north korea, south korea, korea, "
    "norway, oman, pakistan, palau, palestine, panama, papua new guinea, paraguay, peru, philippines, poland, "
    "portugal, puerto rico, qatar, romania, russia, rwanda, samoa, san marino, saudi arabia, scotland, senegal, "
    "serbia, seychelles, sierra leone, singapore, slovakia, slovenia, solomon islands, somalia, south africa, "
    "south sudan, soviet union, ussr, spain, sri lanka, sudan, suriname, sweden, switzerland, syria, taiwan, "
    "tajikistan, tanzania, thailand, togo, tonga, trinidad and tobago, tunisia, turkey, turkmenistan, uganda, "
    "ukraine, united arab emirates, uae, united kingdom, uk, united states, united states of america, us, u.s, "
    "usa, uruguay, uzbekistan, vanuatu, vatican, venezuela, vietnam, wales, yemen, yugoslavia, zambia, zimbabwe"
)

PLACES = COUNTRIES | _listed(
    "europe, asia, africa, america, north america, south america, latin america, antarctica, oceania, arctic, "
    "middle east, gaza, west bank, crimea, siberia, scandinavia, balkans, caucasus, mediterranean, atlantic, "
    "pacific, baltic, sahara, himalayas, alps, andes, earth, moon, mars, venus, jupiter, saturn, mercury, "
    "neptune, uranus, pluto, moscow, kyiv, kiev, washington, new york, london, paris, berlin, rome, madrid, "
    "vienna, brussels, amsterdam, beijing, shanghai, tokyo, seoul, delhi, new delhi, mumbai, cairo, istanbul, "
    "ankara, tehran, baghdad, damascus, beirut, amman, riyadh, doha, dubai, jerusalem, tel aviv, haifa, geneva, "
    "zurich, stockholm, oslo, copenhagen, helsinki, warsaw, prague, budapest, athens, lisbon, dublin, edinburgh, "
    "manchester, oxford, cambridge, boston, chicago, los angeles, san francisco, seattle, houston, dallas, miami, "
    "atlanta, philadelphia, detroit, toronto, montreal, vancouver, sydney, melbourne, california, texas, florida, "
    "alaska, hawaii, arizona, nevada, colorado, virginia, georgia, ohio, michigan, illinois, pennsylvania, "
    "massachusetts, maryland, oregon, minnesota, wisconsin, missouri, louisiana, alabama, tennessee, kentucky, "
    "indiana, iowa, kansas, nebraska, utah, montana, idaho, wyoming, oklahoma, arkansas, mississippi, "
    "connecticut, delaware, maine, vermont, new hampshire, new jersey, new mexico, north carolina, south "
    "carolina, north dakota, south dakota, west virginia, rhode island, hollywood, manhattan, brooklyn, silicon "
    "valley, bavaria, catalonia, normandy, tuscany"
)

NOT_NAMES = _set(
    "i monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december christmas easter internet english french german spanish italian russian "
    "chinese japanese american british israeli european african asian arab arabic hebrew latin greek roman jewish "
    "muslim christian catholic protestant orthodox islamic islam christianity judaism turkish dutch polish "
    "ukrainian indian canadian australian irish scottish welsh iranian syrian egyptian palestinian korean "
    "vietnamese mexican brazilian swedish norwegian danish finnish soviet ottoman byzantine persian serbian "
    "croatian armenian portuguese hungarian czech romanian bulgarian republican democratic democrat democrats "
    "republicans conservative liberal labour covid god bible internet web tv cd dvd pm am"
)
"""Capitalised in English without naming a person, an organisation or a place."""

STARTERS = _set(
    "the a an this that these those he she it they we you i his her its their our your my in on at by for from to "
    "of with without within into onto over under after before during since until till while when where what which "
    "who whom whose why how if as because although though however but and or nor so yet then thus therefore also "
    "even still just only not no yes there here some many most more much several few each every all both either "
    "neither one two three four five six seven eight nine ten another other others such once now today yesterday "
    "tomorrow later earlier first second third last next finally meanwhile moreover furthermore additionally "
    "according based given despite among amid against between through throughout across along around about above "
    "below beyond like unlike near inside outside off out up down per via versus is are was were be been being "
    "has have had do does did will would can could should may might must shall let please instead rather perhaps "
    "maybe indeed often usually sometimes never always again further nearly almost around using following "
    "including regarding concerning speaking asked born founded currently originally recently initially "
    "eventually subsequently similarly traditionally historically generally typically"
)
"""Words that open a sentence and take a capital there without being a name."""

GIVEN = _set(
    "aaron abdul abdullah abraham adam adrian ahmad ahmed aisha alan albert alberto aleksandr alex alexander "
    "alexandra alexei alfred ali alice amanda amir amit amy ana anastasia anders andre andrea andreas andrei "
    "andrew andy angela anita ann anna anne annie anthony antonio ariel arnold arthur ashley avi barack barbara "
    "ben benjamin benny bernard bernie beth bill billy bob boris brad brandon brian bruce bryan carl carlos carol "
    "caroline catherine charles charlie charlotte chris christian christina christine christopher claire clara "
    "claude colin connor craig cynthia dan daniel daniela danny dave david deborah dennis diana diane diego "
    "dmitri dmitry don donald donna dorothy doug douglas duncan ed eddie edith edward edwin eleanor elena eli "
    "elizabeth ellen elon emanuel emily emma emmanuel eric erik ernest esther ethan eugene eva evan evelyn fatima "
    "felix fernando florence frances francesco francis francisco francois frank franz fred frederick friedrich "
    "gabriel gary geoffrey george georges gerald gerard gilbert giovanni giuseppe glenn gloria gordon grace "
    "graham greg gregory gustav guy hannah hans harold harry hassan heather heinrich helen helena henri henry "
    "herbert herman hillary howard hugh hugo ian ibrahim igor ilya irene isaac isabel isabella ivan jack jackson "
    "jacob jacques jake james jamal jan jane janet jason jay jean jeff jeffrey jennifer jeremy jerry jesse "
    "jessica jill jim jimmy joan joe joel johann johannes john johnny jon jonathan jordan jorge jose josef joseph "
    "joshua juan judith judy julia julian julie julius justin kamala karen karl kate katherine kathleen katie "
    "keith kelly ken kenneth kevin khalid kim kirill kurt larry laura lauren laurence lawrence lee leo leon "
    "leonard leonardo lewis liam linda lindsey lionel lisa lloyd louis louise lucas lucy luis luke lynn mahmoud "
    "malcolm manuel marc marcel marco marcus margaret maria marie marina mario marion mark marta martha martin "
    "mary matt matthew maurice max maya megan melissa mia michael michel michelle miguel mike mikhail miriam "
    "mitch mohamed mohammad mohammed moshe muhammad nancy naomi natalie natasha nathan neil nelson nicholas nick "
    "nicolas nicole nigel nikita nikolai nina noah noam noel nora norman oleg olga oliver olivia omar oscar otto "
    "pablo pam pamela patricia patrick paul paula pavel pedro peter phil philip philippe phillip pierre rachel "
    "ralph ray raymond rebecca ricardo richard rick rob robert roberto robin roger roland ron ronald rosa rose "
    "ross roy rupert russell ruth ryan sally sam samantha samuel sandra sara sarah scott sean sebastian sergei "
    "sergey seth shaun sheila shimon shirley simon sofia sophia sophie stan stanley stefan stella stephanie "
    "stephen steve steven stuart susan suzanne sylvia tamar tania tara ted teresa terry theodore theresa thomas "
    "tim timothy tina todd tom tommy tony tracy uri ursula valentina vanessa vera vernon vicki victor victoria "
    "vince vincent virginia vladimir volodymyr walter warren wayne wendy werner wilhelm will william winston "
    "wolfgang xavier yael yair yasmin yitzhak yitzchak yoav yosef yossi yulia yuri yves zachary zoe naftali "
    "shlomo golda menachem ehud isaac yigal gideon reuven ronen eyal dov nir dana shira tal noa omer itamar "
    "ursula jens giorgia keir rishi narendra xi recep bashar hosni yasser saddam fidel nelson desmond kofi ban "
    "antonio jawaharlal indira mahatma rajiv sonia imran benazir malala akira hiroshi kenji yuki haruki shinzo "
    "naomi wei li ming chen jin hui min-jun sun lars bjorn sven olaf ingrid astrid nils henrik soren mette magnus "
    "katarina zlatan novak luka nikola josip slobodan petr vaclav lech andrzej piotr tomasz agnieszka janos "
    "viktor laszlo istvan constantin ion nicolae alexis yannis kostas dimitris"
)
