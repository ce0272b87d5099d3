"""The words that the rules know: closed classes, frequent verbs, countries, first names. English only, in small letters."""


def words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as prose."""
    return frozenset(text.split())


DETERMINERS = words_of(
    "the a an this that these those some any no each every all both several many most few another either"
)
POSSESSIVES = {"his": "he", "her": "she", "their": "they", "its": "it"}
OWN = words_of("my your our whose")
PREPOSITIONS = words_of(
    "of in on at by for with from to about into onto over after before since until till during under between among "
    "against through across near without within as than like towards toward around behind beyond per via upon despite "
    "off up down out along above below beside besides following regarding concerning except inside outside"
)
CONJUNCTIONS = words_of("and or but nor if because while although though whether unless so that")
AUXILIARIES = words_of(
    "is are was were be been being am do does did has have had will would can could shall should may might must "
    "isn't aren't wasn't weren't don't doesn't didn't hasn't haven't hadn't won't wouldn't can't couldn't shouldn't"
)
BE = words_of("is are was were be been being am isn't aren't wasn't weren't")
DO = words_of("do does did don't doesn't didn't")
MODALS = words_of("will would can could shall should may might must won't wouldn't can't couldn't shouldn't")
QUESTION_WORDS = words_of("what which who whom whose when where why how")
PERSONAL = words_of(
    "i you we he she they it me us him them himself herself themselves itself mine yours hers theirs ours"
)
ADVERBS = words_of(
    "ever still now then just only already not never again soon later first also too even always often usually "
    "originally actually really exactly there here once twice so very much yet else instead together once currently "
    "finally initially probably recently today yesterday ago last next about n't"
)
CLOSED = (
    DETERMINERS
    | frozenset(POSSESSIVES)
    | OWN
    | PREPOSITIONS
    | CONJUNCTIONS
    | AUXILIARIES
    | QUESTION_WORDS
    | PERSONAL
    | (ADVERBS - {"first", "last", "next"})
)

IRREGULAR = dict(
    pair.split(":")
    for pair in words_of(
        "began:begin begun:begin became:become broke:break broken:break brought:bring built:build bought:buy "
        "caught:catch chose:choose chosen:choose came:come cost:cost cut:cut dealt:deal did:do done:do drew:draw "
        "drawn:draw drank:drink drove:drive driven:drive ate:eat eaten:eat fell:fall fallen:fall fed:feed felt:feel "
        "fought:fight found:find fled:flee flew:fly flown:fly forgot:forget forgave:forgive froze:freeze got:get "
        "gave:give given:give went:go gone:go grew:grow grown:grow hung:hang had:have heard:hear hid:hide hidden:hide "
        "hit:hit held:hold hurt:hurt kept:keep knew:know known:know laid:lay led:lead left:leave lent:lend let:let "
        "lost:lose made:make meant:mean met:meet paid:pay put:put read:read rode:ride rang:ring rose:rise risen:rise "
        "ran:run said:say saw:see seen:see sold:sell sent:send set:set shook:shake shot:shoot showed:show shown:show "
        "shut:shut sang:sing sank:sink sunk:sink sat:sit slept:sleep spoke:speak spoken:speak spent:spend split:split "
        "spread:spread stood:stand stole:steal stolen:steal stuck:stick struck:strike swore:swear swam:swim took:take "
        "taken:take taught:teach tore:tear told:tell thought:think threw:throw thrown:throw understood:understand "
        "woke:wake wore:wear worn:wear won:win wrote:write written:write bore:bear born:bear overhauled:overhaul "
        "named:name used:use caused:cause raised:raise closed:close moved:move lived:live died:die hired:hire"
    )
)
"""Past forms, and what follows "did" in their place."""

VERBS = words_of(
    "accept accuse achieve act add admit affect agree aim allow announce answer appear apply approve argue arrest arrive "
    "ask assume attack attempt attend avoid award ban base be bear beat become begin believe belong bet break bring "
    "broadcast build burn buy call cancel carry catch cause celebrate change charge check choose claim clean climb close "
    "collapse collect come command commit compare compete complete consider consist contain continue contribute control "
    "convince cook cost count cover crash create cross cut damage dance deal decide declare defeat defend deliver demand "
    "deny depend describe design destroy develop die differ discover discuss divide do draw drink drive drop drown earn "
    "eat elect employ enable encourage end enjoy enter escape establish exist expand expect experience explain explode "
    "export express face fail fall fear feed feel fight fill find finish fire fit flee float flow fly follow force "
    "forget form found fund gain gather get give go govern grow happen hate have head hear help hide hire hit hold hope "
    "host hunt hurt improve include increase inform inspire intend invade invent invest invite involve join jump keep "
    "kill know land last launch lay lead learn leave lend let lie lift like link live look lose love make manage march "
    "mark marry matter mean measure meet melt mention merge miss mix move name need notice occupy occur offer open "
    "operate oppose order organise organize own paint participate pass pay perform persuade pick plan plant play "
    "point prefer prepare present prevent produce promise propose protect prove provide publish pull push put quit raise "
    "reach react read realise realize receive recognise recognize recommend record recover reduce refer refuse "
    "register reject release rely remain remember remove repair repeat replace reply report represent require rescue "
    "resign resolve respond rest result retire return reveal ride rise run sail save say search see seem sell send "
    "separate serve set settle shake share shift shoot show shut sign sing sink sit sleep smoke solve sound speak spend "
    "spread stand start state stay steal stop strike struggle study succeed suffer suggest supply support suppose "
    "surrender survive suspend switch take talk teach tell test thank think threaten throw touch trade train transfer "
    "translate transport travel treat trust try turn understand use vary visit vote wait walk want warn wash watch water "
    "wear weigh win wish wonder work worry write fold repay repeal contest cope store rinse dry empty reset press"
)
SAYING = words_of(
    "say said says claim claimed state stated announce announced mention mentioned write wrote think thought "
    "believe believed predict predicted argue argued tell told explain explained promise promised report reported"
)

PERSON_NOUNS = words_of(
    "man woman boy girl person people child children father mother son daughter brother sister husband wife uncle aunt "
    "nephew niece cousin grandmother grandfather widow partner friend neighbour neighbor teacher student pupil professor "
    "doctor nurse surgeon engineer scientist researcher author writer poet artist painter composer singer actor actress "
    "musician director producer player coach captain athlete king queen prince princess emperor president minister mayor "
    "senator governor chancellor ambassador envoy spokesman spokeswoman spokesperson chairman chairwoman chief ceo "
    "founder owner manager boss worker driver pilot sailor soldier officer general colonel judge lawyer farmer fisherman "
    "landlord landlady warden gardener priest bishop pope saint monk victim witness suspect critic expert analyst "
    "entrepreneur billionaire inventor explorer astronaut cosmonaut maker baker butcher carpenter apprentice leader head "
    "nobody somebody someone anyone everybody deputy secretary clerk curator historian"
)
ANYBODY = words_of("nobody somebody someone anyone anybody everybody everyone")
FEMALE_NOUNS = words_of(
    "woman girl mother daughter sister wife aunt niece grandmother widow actress queen princess "
    "spokeswoman chairwoman landlady mrs ms miss lady madam she"
)
MALE_NOUNS = words_of(
    "man boy father son brother husband uncle nephew grandfather king prince emperor spokesman chairman "
    "fisherman landlord priest bishop pope monk mr sir lord he"
)
GROUP_NOUNS = words_of(
    "people children couple family team band group committee council government parliament party police "
    "army navy staff crew public inhabitants residents"
)
TITLES = words_of(
    "mr mrs ms miss dr prof professor sir dame lord lady king queen prince princess president minister "
    "senator captain colonel general chancellor pope saint judge"
)
ORGANISATION_NOUNS = words_of(
    "agency company corporation inc ltd university college school institute commission committee council ministry "
    "department bank party club union association society museum hospital church fund foundation group court parliament "
    "congress senate army navy office service force airlines press times post news station band team appliances inn "
    "hotel restaurant admiralty board"
)
PLACES = words_of(
    "afghanistan albania algeria angola argentina armenia australia austria azerbaijan bangladesh belarus belgium bolivia "
    "bosnia botswana brazil britain bulgaria cambodia cameroon canada chad chile china colombia congo croatia cuba cyprus "
    "czechia denmark ecuador egypt england estonia ethiopia finland france georgia germany ghana greece greenland "
    "guatemala haiti honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan "
    "kazakhstan kenya korea kosovo kuwait laos latvia lebanon liberia libya lithuania luxembourg madagascar malaysia mali "
    "malta mexico moldova mongolia montenegro morocco mozambique myanmar namibia nepal netherlands nicaragua niger "
    "nigeria norway oman pakistan panama paraguay peru philippines poland portugal qatar romania russia rwanda scotland "
    "senegal serbia singapore slovakia slovenia somalia spain sudan sweden switzerland syria taiwan tanzania thailand "
    "tunisia turkey uganda ukraine uk usa us uruguay venezuela vietnam wales yemen zambia zimbabwe europe asia africa "
    "america london paris berlin moscow beijing washington tokyo rome madrid vienna brussels jerusalem mars moon earth "
    "venus jupiter saturn antarctica"
)
MALE_NAMES = words_of(
    "ahmed ali jens jonas lars omar "
    "adam adrian alan albert alexander alfred andrew anthony antonio arthur barack ben benjamin bernard bill bob boris "
    "brian carl carlos charles chris christian christopher daniel david dennis dmitri dmitry donald douglas edward elon "
    "eric ernest francis frank frederick gary george gerald giovanni gregory hans harold harry henry howard hugh ian isaac "
    "ivan jack jacob james jason jeff jeffrey jeremy jim joe john jonathan jose joseph josiah juan karl keith kenneth kevin "
    "kirill larry lawrence leonard louis luis marcus mark martin matthew michael miguel mohammed muhammad neil nicholas "
    "oliver oscar patrick paul pedro peter philip pierre rafael ralph raymond richard robert roger ronald roy ryan samuel "
    "scott sean sergei simon stephen steve steven stuart thomas tim timothy tom tomas tony vincent vladimir walter "
    "william yuri"
)
FEMALE_NAMES = words_of(
    "marta aisha anja astrid esther fatima ingrid leah lucia miriam naomi sofia tamar yael "
    "agnes alice amanda amy andrea angela anita ann anna anne barbara beatrice betty carol caroline catherine charlotte "
    "christina christine clara claire deborah diana dorothy edith eleanor elena elizabeth ella emily emma eva florence "
    "frances grace hannah harriet helen irene isabel isobel jane janet jennifer jessica joan josephine julia julie karen "
    "kate katherine laura linda lisa louise lucy margaret maria marie martha mary melissa michelle nancy natalie nicole "
    "olga olivia patricia priya rachel rebecca rosa rose ruth sally sandra sarah sophia sophie susan sylvia teresa "
    "theresa ursula valentina vera victoria virginia"
)
FIRST_NAMES = MALE_NAMES | FEMALE_NAMES
MONTHS = words_of("january february march april may june july august september october november december")
DAYS = words_of("monday tuesday wednesday thursday friday saturday sunday")
UNITS = words_of(
    "percent seconds minutes hours days weeks months years decades centuries times metres meters kilometres kilometers "
    "centimetres millimetres miles feet inches yards acres hectares litres liters gallons pints tonnes tons kilos kilograms "
    "grams pounds ounces stone degrees knots watts kilowatts megawatts watt-hours volts decibels dollars euros pounds pence "
    "cents crowns francs roubles rubles yen people"
)
NUMBERS = words_of(
    "one two three four five six seven eight nine ten eleven twelve dozen hundred thousand million billion"
)
