"""The places that geolocation records may name: continents, countries, and states of the US.

Countries and their codes are ISO 3166-1's. Which continent one is in, and which there are no
records for, is Route 53's own choice (its guide, "Values specific for geolocation records").
Regions of Ukraine, which the API also knows, are left out.
"""

from collections.abc import Mapping

CONTINENTS: Mapping[str, str] = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}

_COUNTRIES = {
    "AF": """AO Angola; BF Burkina Faso; BI Burundi; BJ Benin; BW Botswana;
        CD Congo, Democratic Republic of the; CF Central African Republic; CG Congo;
        CI Côte d'Ivoire; CM Cameroon; CV Cabo Verde; DJ Djibouti; DZ Algeria; EG Egypt;
        ER Eritrea; ET Ethiopia; GA Gabon; GH Ghana; GM Gambia; GN Guinea; GQ Equatorial Guinea;
        GW Guinea-Bissau; KE Kenya; KM Comoros; LR Liberia; LS Lesotho; LY Libya; MA Morocco;
        MG Madagascar; ML Mali; MR Mauritania; MU Mauritius; MW Malawi; MZ Mozambique;
        NA Namibia; NE Niger; NG Nigeria; RE Réunion; RW Rwanda; SC Seychelles; SD Sudan;
        SH Saint Helena; SL Sierra Leone; SN Senegal; SO Somalia; SS South Sudan;
        ST São Tomé and Príncipe; SZ Eswatini; TD Chad; TG Togo; TN Tunisia; TZ Tanzania;
        UG Uganda; YT Mayotte; ZA South Africa; ZM Zambia; ZW Zimbabwe""",
    "AN": """AQ Antarctica; GS South Georgia and the South Sandwich Islands;
        TF French Southern Territories""",
    "AS": """AE United Arab Emirates; AF Afghanistan; AM Armenia; AZ Azerbaijan; BD Bangladesh;
        BH Bahrain; BN Brunei Darussalam; BT Bhutan; CC Cocos (Keeling) Islands; CN China;
        GE Georgia; HK Hong Kong; ID Indonesia; IL Israel; IN India;
        IO British Indian Ocean Territory; IQ Iraq; IR Iran; JO Jordan; JP Japan; KG Kyrgyzstan;
        KH Cambodia; KP Korea, North; KR Korea, South; KW Kuwait; KZ Kazakhstan; LA Laos;
        LB Lebanon; LK Sri Lanka; MM Myanmar; MN Mongolia; MO Macao; MV Maldives; MY Malaysia;
        NP Nepal; OM Oman; PH Philippines; PK Pakistan; PS Palestine; QA Qatar; SA Saudi Arabia;
        SG Singapore; SY Syria; TH Thailand; TJ Tajikistan; TM Turkmenistan; TW Taiwan;
        UZ Uzbekistan; VN Viet Nam; YE Yemen""",
    "EU": """AD Andorra; AL Albania; AT Austria; AX Åland Islands; BA Bosnia and Herzegovina;
        BE Belgium; BG Bulgaria; BY Belarus; CH Switzerland; CY Cyprus; CZ Czechia; DE Germany;
        DK Denmark; EE Estonia; ES Spain; FI Finland; FO Faroe Islands; FR France;
        GB United Kingdom; GG Guernsey; GI Gibraltar; GR Greece; HR Croatia; HU Hungary;
        IE Ireland; IM Isle of Man; IS Iceland; IT Italy; JE Jersey; LI Liechtenstein;
        LT Lithuania; LU Luxembourg; LV Latvia; MC Monaco; MD Moldova; ME Montenegro;
        MK North Macedonia; MT Malta; NL Netherlands; NO Norway; PL Poland; PT Portugal;
        RO Romania; RS Serbia; RU Russia; SE Sweden; SI Slovenia; SJ Svalbard and Jan Mayen;
        SK Slovakia; SM San Marino; TR Türkiye; UA Ukraine; VA Holy See""",
    "NA": """AG Antigua and Barbuda; AI Anguilla; AW Aruba; BB Barbados; BL Saint Barthélemy;
        BM Bermuda; BQ Bonaire, Sint Eustatius and Saba; BS Bahamas; BZ Belize; CA Canada;
        CR Costa Rica; CU Cuba; CW Curaçao; DM Dominica; DO Dominican Republic; GD Grenada;
        GL Greenland; GP Guadeloupe; GT Guatemala; HN Honduras; HT Haiti; JM Jamaica;
        KN Saint Kitts and Nevis; KY Cayman Islands; LC Saint Lucia; MF Saint Martin;
        MQ Martinique; MS Montserrat; MX Mexico; NI Nicaragua; PA Panama;
        PM Saint Pierre and Miquelon; PR Puerto Rico; SV El Salvador; SX Sint Maarten;
        TC Turks and Caicos Islands; TT Trinidad and Tobago; US United States;
        VC Saint Vincent and the Grenadines; VG Virgin Islands, British; VI Virgin Islands, U.S.""",
    "OC": """AS American Samoa; AU Australia; CK Cook Islands; FJ Fiji; FM Micronesia; GU Guam;
        KI Kiribati; MH Marshall Islands; MP Northern Mariana Islands; NC New Caledonia;
        NF Norfolk Island; NR Nauru; NU Niue; NZ New Zealand; PF French Polynesia;
        PG Papua New Guinea; PN Pitcairn; PW Palau; SB Solomon Islands; TK Tokelau;
        TL Timor-Leste; TO Tonga; TV Tuvalu; UM United States Minor Outlying Islands; VU Vanuatu;
        WF Wallis and Futuna; WS Samoa""",
    "SA": """AR Argentina; BO Bolivia; BR Brazil; CL Chile; CO Colombia; EC Ecuador;
        FK Falkland Islands; GF French Guiana; GY Guyana; PE Peru; PY Paraguay; SR Suriname;
        UY Uruguay; VE Venezuela""",
}
_STATES = """AK Alaska; AL Alabama; AR Arkansas; AZ Arizona; CA California; CO Colorado;
    CT Connecticut; DC District of Columbia; DE Delaware; FL Florida; GA Georgia; HI Hawaii;
    IA Iowa; ID Idaho; IL Illinois; IN Indiana; KS Kansas; KY Kentucky; LA Louisiana;
    MA Massachusetts; MD Maryland; ME Maine; MI Michigan; MN Minnesota; MO Missouri;
    MS Mississippi; MT Montana; NC North Carolina; ND North Dakota; NE Nebraska;
    NH New Hampshire; NJ New Jersey; NM New Mexico; NV Nevada; NY New York; OH Ohio;
    OK Oklahoma; OR Oregon; PA Pennsylvania; RI Rhode Island; SC South Carolina;
    SD South Dakota; TN Tennessee; TX Texas; UT Utah; VA Virginia; VT Vermont; WA Washington;
    WI Wisconsin; WV West Virginia; WY Wyoming"""


def _named(text: str) -> dict[str, str]:
    entries = (" ".join(entry.split()).partition(" ") for entry in text.split(";"))
    return {code: name for code, _, name in entries}


COUNTRIES: Mapping[str, str] = dict(
    sorted(entry for text in _COUNTRIES.values() for entry in _named(text).items())
)
"""Names by code, in the order of the codes."""
CONTINENT_OF: Mapping[str, str] = {
    code: continent for continent, text in _COUNTRIES.items() for code in _named(text)
}
"""Continents by the code of the country."""
STATES: Mapping[str, str] = _named(_STATES)
"""Names by code."""
