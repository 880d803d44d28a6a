"""Where a free-text location is, as far as it is sure: its time zone and, in the US, its state.

Lever's locations are typed by people: "Duluth, MN", "Remote - Denver, CO", "London". What could be two places is no
answer, because the phone number's zones are asked next.
"""

import re
import unicodedata

EASTERN, CENTRAL, MOUNTAIN, PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)



def _each(codes: str, value: str) -> dict[str, str]:
    return dict.fromkeys(codes.split(), value)


# US states and Canadian provinces within one zone.
ONE_ZONE = {
    **_each("CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV", EASTERN),
    **_each("AL AR IA IL LA MN MO MS OK WI", CENTRAL),
    **_each("CO MT NM UT WY", MOUNTAIN),
    **_each("CA NV WA", PACIFIC),
    "AZ": "America/Phoenix",
    "HI": "Pacific/Honolulu",
    "PR": "America/Puerto_Rico",
    "AB": "America/Edmonton",
    "MB": "America/Winnipeg",
    "NB": "America/Moncton",
    "NS": "America/Halifax",
    "PE": "America/Halifax",
    "SK": "America/Regina",
}
# States and provinces across two zones: only cities named here are sure.
SPLIT = {
    "AK": {"America/Anchorage": "anchorage|fairbanks|juneau|wasilla|sitka|ketchikan"},
    "BC": {"America/Vancouver": "vancouver|victoria|surrey|burnaby|richmond|kelowna"},
    "FL": {
        EASTERN: "miami|orlando|tampa|jacksonville|tallahassee|fort lauderdale|st. petersburg|st petersburg|gainesville"
        "|sarasota|naples|fort myers|boca raton|west palm beach|hollywood|clearwater|hialeah|lakeland|melbourne|ocala",
        CENTRAL: "pensacola|panama city|destin|fort walton beach",
    },
    "ID": {"America/Boise": "boise|meridian|nampa|twin falls|idaho falls|pocatello", PACIFIC: "coeur d'alene|lewiston"},
    "IN": {
        "America/Indiana/Indianapolis": "indianapolis|fort wayne|bloomington|south bend|carmel|fishers|lafayette",
        CENTRAL: "gary|evansville|hammond|merrillville",
    },
    "KS": {CENTRAL: "wichita|topeka|kansas city|overland park|olathe|lawrence|lenexa|salina|manhattan"},
    "KY": {
        "America/Kentucky/Louisville": "louisville|lexington|frankfort|covington|florence",
        CENTRAL: "bowling green|owensboro|paducah|hopkinsville",
    },
    "MI": {
        "America/Detroit": "detroit|ann arbor|grand rapids|lansing|flint|kalamazoo|troy|dearborn|warren|southfield"
        "|saginaw|traverse city|marquette"
    },
    "ND": {CENTRAL: "fargo|bismarck|grand forks|minot"},
    "NE": {CENTRAL: "omaha|lincoln|grand island|bellevue|kearney"},
    "ON": {"America/Toronto": "toronto|ottawa|mississauga|hamilton|london|kitchener|waterloo|windsor|markham|brampton"},
    "OR": {PACIFIC: "portland|eugene|salem|bend|beaverton|hillsboro|medford|gresham|corvallis"},
    "QC": {"America/Toronto": "montreal|quebec|quebec city|laval|gatineau|sherbrooke"},
    "SD": {CENTRAL: "sioux falls|aberdeen|brookings|watertown", MOUNTAIN: "rapid city|spearfish"},
    "TN": {
        CENTRAL: "nashville|memphis|clarksville|murfreesboro|franklin|jackson|brentwood",
        EASTERN: "knoxville|chattanooga|johnson city|kingsport|bristol",
    },
    "TX": {
        CENTRAL: "austin|dallas|houston|san antonio|fort worth|plano|irving|arlington|frisco|corpus christi|lubbock"
        "|amarillo|midland|odessa|waco|mckinney|laredo|richardson|the woodlands|sugar land|round rock|galveston|tyler",
        MOUNTAIN: "el paso",
    },
}
_NAMES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "florida": "FL", "hawaii": "HI", "idaho": "ID", "illinois": "IL",
    "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA", "maine": "ME",
    "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN", "mississippi": "MS",
    "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH", "new jersey": "NJ",
    "new mexico": "NM", "north carolina": "NC", "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR",
    "pennsylvania": "PA", "rhode island": "RI", "south carolina": "SC", "south dakota": "SD", "tennessee": "TN",
    "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA", "west virginia": "WV", "wisconsin": "WI",
    "wyoming": "WY", "alberta": "AB", "british columbia": "BC", "manitoba": "MB", "ontario": "ON", "quebec": "QC",
    "saskatchewan": "SK", "nova scotia": "NS",
}  # fmt: skip
# Cities and countries sure by themselves.
PLACES = {
    EASTERN: "new york|new york city|nyc|brooklyn|manhattan|boston|philadelphia|atlanta|miami|orlando|tampa|pittsburgh"
    "|charlotte|raleigh|baltimore|washington dc",
    CENTRAL: "chicago|houston|dallas|austin|san antonio|fort worth|minneapolis|milwaukee|new orleans|nashville|memphis"
    "|oklahoma city|omaha|twin cities|st. louis|st louis",
    MOUNTAIN: "denver|boulder|salt lake city|albuquerque|colorado springs|el paso",
    PACIFIC: "san francisco|san francisco bay|sf bay|los angeles|san diego|san jose|oakland|sacramento|seattle"
    "|las vegas|palo alto|mountain view|silicon valley",
    "America/Phoenix": "phoenix|tucson|scottsdale",
    "America/Detroit": "detroit|ann arbor",
    "America/Indiana/Indianapolis": "indianapolis",
    "Pacific/Honolulu": "honolulu",
    "America/Anchorage": "anchorage",
    "America/Toronto": "toronto|ottawa|montreal|quebec city",
    "America/Vancouver": "vancouver",
    "America/Edmonton": "calgary|edmonton",
    "America/Halifax": "halifax",
    "America/Mexico_City": "mexico city",
    "America/Sao_Paulo": "sao paulo|rio de janeiro",
    "America/Bogota": "bogota|medellin|colombia",
    "America/Argentina/Buenos_Aires": "buenos aires",
    "America/Lima": "lima|peru",
    "Europe/London": "london|england|scotland|wales|united kingdom|uk|great britain|edinburgh|glasgow|belfast",
    "Europe/Dublin": "dublin|ireland",
    "Europe/Paris": "paris|france|lyon|marseille",
    "Europe/Berlin": "berlin|germany|munich|hamburg|frankfurt|cologne|munchen|koln",
    "Europe/Amsterdam": "amsterdam|netherlands|the netherlands|rotterdam|utrecht",
    "Europe/Brussels": "brussels|belgium",
    "Europe/Zurich": "zurich|geneva|switzerland",
    "Europe/Vienna": "vienna|austria",
    "Europe/Madrid": "madrid|barcelona|valencia",
    "Europe/Lisbon": "lisbon",
    "Europe/Rome": "rome|milan|italy",
    "Europe/Stockholm": "stockholm|sweden",
    "Europe/Oslo": "oslo|norway",
    "Europe/Copenhagen": "copenhagen|denmark",
    "Europe/Helsinki": "helsinki|finland",
    "Europe/Warsaw": "warsaw|poland|krakow|wroclaw",
    "Europe/Prague": "prague|czech republic|czechia",
    "Europe/Bucharest": "bucharest|romania",
    "Europe/Athens": "athens|greece",
    "Europe/Istanbul": "istanbul|turkey",
    "Europe/Kyiv": "kyiv|kiev",
    "Asia/Jerusalem": "tel aviv|jerusalem|israel|haifa",
    "Asia/Dubai": "dubai|abu dhabi|uae|united arab emirates",
    "Asia/Kolkata": "india|bangalore|bengaluru|mumbai|delhi|new delhi|hyderabad|pune|chennai|gurgaon|kolkata",
    "Asia/Singapore": "singapore",
    "Asia/Tokyo": "tokyo|japan|osaka",
    "Asia/Seoul": "seoul|south korea",
    "Asia/Shanghai": "shanghai|beijing|shenzhen",
    "Asia/Hong_Kong": "hong kong",
    "Asia/Manila": "manila|philippines",
    "Australia/Sydney": "sydney|canberra",
    "Australia/Melbourne": "melbourne",
    "Australia/Brisbane": "brisbane",
    "Australia/Perth": "perth",
    "Pacific/Auckland": "auckland|wellington|new zealand",
    "Africa/Johannesburg": "johannesburg|cape town|south africa",
    "Africa/Lagos": "lagos|nigeria",
    "Africa/Nairobi": "nairobi|kenya",
}
_ZONE_OF_PLACE = {place: zone for zone, places in PLACES.items() for place in places.split("|")}
_ZONE_OF_CITY = {
    (code, city): zone
    for code, by_zone in SPLIT.items()
    for zone, cities in by_zone.items()
    for city in cities.split("|")
}
# Also ISO country codes, so that "Berlin, DE" or "Toronto, CA" contradict themselves rather than mislead.
_ALSO_COUNTRIES = frozenset(_each("AL AR AZ CA CO DE GA IL LA MA MD ME MN MO MS MT NC PA SC VA", ""))
# Area codes of the states whose texting hours differ (see hours.STATE_WINDOWS).
AREA_CODES = {
    "AL": "205 251 256 334 659 938",
    "CT": "203 475 860 959",
    "FL": "239 305 321 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941 954",
    "LA": "225 318 337 504 985",
    "MA": "339 351 413 508 617 774 781 857 978",
    "MD": "227 240 301 410 443 667",
    "MS": "228 601 662 769",
    "NJ": "201 551 609 640 732 848 856 862 908 973",
    "OK": "405 539 572 580 918",
    "TX": "210 214 254 281 325 346 361 409 430 432 469 512 682 713 726 737 806 817 830 832 903 915 936 940 945 956"
    " 972 979",
    "VA": "276 434 540 571 686 703 757 804 826 948",
    "WA": "206 253 360 425 509 564",
}
STATE_OF_AREA_CODE = {code: state for state, codes in AREA_CODES.items() for code in codes.split()}

_SEPARATORS = re.compile(r"[,;/|()\[\]•·–—]|\s-\s|\s(?:or|and|&)\s", re.IGNORECASE)
_NOISE = re.compile(r"\b(?:remote|hybrid|on-?site|in-office|office|hq|greater|metro|metropolitan|area|region)\b")


def place_zone(location: str) -> str | None:
    """The IANA zone of *location*, or None when it is not sure."""
    found: set[str] = set()
    parts = _parts(location)
    for index, part in enumerate(parts):
        code = _state(part)
        before = parts[index - 1] if index else ""
        if code is None:
            follows = _state(parts[index + 1]) if index + 1 < len(parts) else None
            # A city is only its own proof where no state behind it says better.
            if follows is None or (follows in _ALSO_COUNTRIES and follows in ONE_ZONE):
                zone = _ZONE_OF_PLACE.get(_fold(part))
                found |= {zone} if zone else set()
            continue
        zone = ONE_ZONE.get(code) or _ZONE_OF_CITY.get((code, _fold(before)))
        if zone is None:
            return None
        found.add(zone)
    return found.pop() if len(found) == 1 else None


def place_state(location: str) -> str | None:
    """The two-letter code of the US state or Canadian province that *location* names, if it names just one."""
    states = {code for part in _parts(location) if (code := _state(part))}
    return states.pop() if len(states) == 1 else None


def _parts(location: str) -> list[str]:
    pieces = (" ".join(piece.split()) for piece in _SEPARATORS.split(location.replace("D.C.", "DC")))
    bare = (_NOISE.sub("", piece) if piece.islower() else _drop_noise(piece) for piece in pieces)
    return [part for part in (" ".join(piece.split()).strip(" .-:") for piece in bare) if part]


def _drop_noise(piece: str) -> str:
    return re.sub(_NOISE.pattern, "", piece, flags=re.IGNORECASE)


def _state(part: str) -> str | None:
    """The state *part* names: by code in capitals, a ZIP allowed behind it, or by its full name."""
    code = re.sub(r"\s+\d{5}(?:-\d{4})?$", "", part)
    if len(code) == 2 and code.isupper() and (code in ONE_ZONE or code in SPLIT):
        return code
    return _NAMES.get(_fold(part))


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).replace("’", "'")
