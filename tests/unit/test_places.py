"""Places: the table as published, the endpoints made from it, and what a mistake in a text is answered with."""

from dataclasses import replace
from datetime import date

import pytest

from sauma.ids import EndpointId
from sauma.places import (
    ALAND,
    Endpoint,
    Municipality,
    NotRoutable,
    Places,
    PlacesError,
    Resident,
    UnknownMunicipality,
)
from sauma.places_text import read_municipalities, slug
from sauma.resources import load_places, read_text

PLACES = load_places()
ROWS = read_municipalities(read_text("places", "municipalities.csv"))
MAINLAND = [row for row in ROWS if row.areas is not None]

HEADER = "municipality_code,name_fi,name_sv,welfare_area_code,welfare_area_fi,employment_area,source"
SMALL = {
    "municipalities": f"{HEADER}\n"
    "837,Tampere,Tammerfors,08,Pirkanmaan hyvinvointialue,Tampereen seutu,test\n"
    "478,Maarianhamina,Mariehamn,,,,test\n",
    "merged": "old_code,old_name_fi,new_code,merged_on,source\n",
    "endpoints": '[[endpoint]]\nid = "kela"\nrole = "kela"\norganiser = "kela"\nname_fi = "Kela"\n'
    '[[endpoint]]\nid = "keha"\nrole = "keha"\norganiser = "keha"\nname_fi = "KEHA"\n',
}


def _provider(name: str, **changes: object) -> Endpoint:
    plain = Endpoint(id=EndpointId(name), role="provider", organiser=name, name_fi="Valmennus")
    return replace(plain, **changes)  # type: ignore[arg-type]  # the changes are the test's subject


def test_table_has_the_published_size() -> None:
    assert len(ROWS) == 308
    assert len(MAINLAND) == 292
    assert [row.code for row in ROWS] == sorted(row.code for row in ROWS)


def test_there_are_22_welfare_organisers_and_45_employment_areas() -> None:
    by_role = {
        role: {e.area for e in PLACES.endpoints.values() if e.role == role}
        for role in ("social-care", "health-care", "employment")
    }

    assert by_role["social-care"] == by_role["health-care"] == {f"{n:02}" for n in range(1, 22)} | {"90"}
    assert len(by_role["employment"]) == 45
    assert len(PLACES.endpoints) == 22 + 22 + 45 + 2


def test_five_employment_areas_span_two_welfare_areas_each() -> None:
    spans = {e.id: PLACES.welfare_areas_of(e.id) for e in PLACES.endpoints.values() if e.role == "employment"}

    assert {name: areas for name, areas in spans.items() if len(areas) > 1} == {
        "employment-etelainen-keski-suomi": ("08", "15"),
        "employment-kainuu-koillismaa": ("19", "20"),
        "employment-kerava-sipoo": ("01", "04"),
        "employment-keski-savo": ("12", "13"),
        "employment-suupohja": ("16", "17"),
    }
    assert all(len(areas) in {1, 2} for areas in spans.values())


def test_five_employment_areas_coincide_with_one_welfare_organiser() -> None:
    def members(attribute: str) -> dict[frozenset[str], str]:
        endpoints = {getattr(r, attribute) for r in PLACES.residents.values()}
        return {
            frozenset(r.municipality for r in PLACES.residents.values() if getattr(r, attribute) == endpoint): endpoint
            for endpoint in endpoints
        }

    welfare, employment = members("social"), members("employment")

    assert {(welfare[group], employment[group]) for group in welfare.keys() & employment.keys()} == {
        ("social-02", "employment-keski-uusimaa"),
        ("social-11", "employment-etela-karjala"),
        ("social-14", "employment-pohjois-karjala"),
        ("social-18", "employment-keski-pohjanmaa"),
        ("social-90", "employment-helsinki"),
    }


def test_number_of_employment_areas_in_a_welfare_area_is_as_published() -> None:
    counts = [len(PLACES.employment_areas_of(f"{code:02}")) for code in (*range(1, 22), 90)]

    assert {count: counts.count(count) for count in set(counts)} == {1: 6, 2: 7, 3: 6, 4: 3}


def test_the_relation_of_areas_reads_the_same_from_both_sides() -> None:
    for endpoint in PLACES.endpoints.values():
        for area in PLACES.welfare_areas_of(endpoint.id):
            assert endpoint.id in PLACES.employment_areas_of(area)
    assert PLACES.employment_areas_of("91") == ()
    assert PLACES.welfare_areas_of(EndpointId("kela")) == ()


def test_a_resident_of_tampere_is_served_by_pirkanmaa_and_tampereen_seutu() -> None:
    assert PLACES.resident("837") == Resident(
        "837",
        EndpointId("social-08"),
        EndpointId("health-08"),
        EndpointId("employment-tampereen-seutu"),
        EndpointId("kela"),
        EndpointId("keha"),
    )
    assert PLACES.role_at("837", "employment") == "employment-tampereen-seutu"
    assert PLACES.role_at("837", "provider") is None


def test_a_resident_of_kuopio_is_served_by_pohjois_savo_and_kuopio() -> None:
    roles = ("social-care", "health-care", "employment", "kela", "keha")

    assert [PLACES.role_at("297", role) for role in roles] == [
        "social-13",
        "health-13",
        "employment-kuopio",
        "kela",
        "keha",
    ]


def test_every_mainland_municipality_leads_to_endpoints_of_the_right_roles() -> None:
    for row in MAINLAND:
        resident = PLACES.resident(row.code)
        assert isinstance(resident, Resident)
        named = (resident.social, resident.health, resident.employment, resident.kela, resident.keha)
        found = [PLACES.endpoints[name] for name in named]
        assert [e.role for e in found] == ["social-care", "health-care", "employment", "kela", "keha"]
        assert [e.agency for e in found] == ["welfare", "welfare", "employment", "kela", "keha"]


def test_helsinki_is_one_organiser_with_three_registers() -> None:
    helsinki = PLACES.resident("091")

    assert isinstance(helsinki, Resident)
    registers = {helsinki.social, helsinki.health, helsinki.employment}
    assert registers == {"social-90", "health-90", "employment-helsinki"}
    assert {e.id for e in PLACES.endpoints.values() if e.organiser == "helsinki"} == registers


def test_elsewhere_welfare_and_employment_have_different_organisers() -> None:
    for resident in PLACES.residents.values():
        if resident.social == "social-90":
            continue
        social, health, employment = (
            PLACES.endpoints[name] for name in (resident.social, resident.health, resident.employment)
        )
        assert social.organiser == health.organiser != employment.organiser


def test_aland_is_not_routable() -> None:
    aland = [row.code for row in ROWS if row.areas is None]

    assert len(aland) == 16
    assert [PLACES.resident(code) for code in aland] == [NotRoutable(code, ALAND) for code in aland]
    assert ALAND == "aland-not-routable"
    assert PLACES.municipality("478") == Municipality("478", "Maarianhamina", "Mariehamn")
    assert PLACES.role_at("478", "kela") is None


def test_a_merged_municipality_answers_as_the_one_it_became_part_of() -> None:
    assert PLACES.resident("588") == PLACES.resident("507")
    assert PLACES.municipality("588") == Municipality("507", "Mäntyharju", "Mäntyharju")


@pytest.mark.parametrize("code", ["000", "999", "", "91", "0837", "837 ", "\uff1837", "Tampere"])
def test_a_code_nobody_has_is_unknown(code: str) -> None:
    assert PLACES.resident(code) == UnknownMunicipality(code)
    assert PLACES.municipality(code) is None
    assert PLACES.role_at(code, "employment") is None


def test_every_endpoint_is_named_and_welfare_is_named_in_swedish_too() -> None:
    for endpoint in PLACES.endpoints.values():
        assert endpoint.name_fi
        assert endpoint.name_sv or endpoint.agency != "welfare"
    assert PLACES.endpoints[EndpointId("social-08")].name_fi == "Pirkanmaan hyvinvointialue, sosiaalihuolto"
    assert PLACES.endpoints[EndpointId("health-08")].name_sv == "Birkalands välfärdsområde, hälso- och sjukvård"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Tunturi-Lappi - Pello", "tunturi-lappi-pello"),
        ("Pohjois- ja Itä-Lappi", "pohjois-ja-ita-lappi"),
        ("TyöHäme", "tyohame"),
        ("Åbo", "abo"),
    ],
)
def test_a_slug_is_plain_letters_and_single_dashes(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"municipalities": SMALL["municipalities"].replace("Tammerfors", "Tammerfors stad")},
        {"merged": SMALL["merged"] + "588,Pertunmaa,837,2025-01-01,test\n"},
        {"endpoints": SMALL["endpoints"].replace("Kela", "Kansaneläkelaitos")},
    ],
)
def test_the_version_follows_every_text(changed: dict[str, str]) -> None:
    assert Places.parse(**{**SMALL, **changed}).version != Places.parse(**SMALL).version
    assert Places.parse(**SMALL).version == Places.parse(**SMALL).version


def test_an_added_endpoint_is_found_and_changes_the_version() -> None:
    one, two = _provider("provider-valmennus"), _provider("ngo-tuki", role="ngo")

    more = PLACES.with_endpoints([one, two])

    assert more.endpoint(one.id) == one
    assert PLACES.endpoint(one.id) is None
    assert more.resident("837") == PLACES.resident("837")
    assert more.version == PLACES.with_endpoints([two, one]).version
    assert len({more.version, PLACES.version, PLACES.with_endpoints([one]).version}) == 3
    assert PLACES.with_endpoints([]) == PLACES


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ([_provider("kela")], "in use already"),
        ([_provider("provider-a"), _provider("provider-a")], "in use already"),
        ([_provider("Provider A")], "the id has to be"),
        ([_provider("provider--a")], "the id has to be"),
        ([_provider("p" * 81)], "at most 80"),
        ([_provider("provider-a", role="friend")], "is no role"),
        ([_provider("provider-a", organiser="")], "may not be empty"),
        ([_provider("provider-a", since=date(2026, 2, 1), until=date(2026, 1, 1))], "until is before since"),
        ([_provider("provider-a", successor=EndpointId("kela"))], "no last day"),
        ([_provider("provider-a", until=date(2026, 1, 1), successor=EndpointId("gone"))], "is no endpoint"),
        ([_provider("provider-a", until=date(2026, 1, 1), successor=EndpointId("provider-a"))], "own successor"),
    ],
)
def test_a_bad_added_endpoint_is_refused(more: list[Endpoint], problem: str) -> None:
    with pytest.raises(PlacesError, match=problem):
        PLACES.with_endpoints(more)


MUNICIPALITY_MISTAKES = [
    ("", "municipalities.csv: the text is empty"),
    ("code;name\n", "municipalities.csv, row 1: the header has to be"),
    (f"{HEADER}\n837,Tampere\n", "row 2: 2 columns instead of 7"),
    (f'{HEADER}\n"837,Tampere\n', "row 2: this is not CSV"),
    (f"{HEADER}\n37,A,A,,,,t\n", "row 2: '37': a municipality code has three digits"),
    (f"{HEADER}\n037, A,A,,,,t\n", "row 2: a value begins or ends with a space"),
    (f"{HEADER}\n037,A,,,,,t\n", "row 2: municipality 037 needs both names"),
    (f"{HEADER}\n037,A,A,,,,t\n037,B,B,,,,t\n", "row 3: municipality 037 is there twice"),
    (f"{HEADER}\n037,A,A,08,,X,t\n", "row 2: write all three area columns, or none"),
    (f"{HEADER}\n037,A,A,8,Y,X,t\n", "row 2: '8': a welfare area code has two digits"),
    (f"{HEADER}\n037,A,A,08,Y,-,t\n", "row 2: the employment area's name has no letter"),
    (f"{HEADER}\n037,A,A,08,Y,X,t\n038,B,B,08,Z,X,t\n", "row 3: social-08 is already named 'Y, sosiaalihuolto'"),
    (f"{HEADER}\n037,A,A,08,Y,Ää,t\n038,B,B,08,Y,Aa,t\n", "row 3: employment-aa is already named"),
]
MERGED_MISTAKES = [
    ("588,Pertunmaa,837,2025-01-01,t,x\n", "merged.csv, row 2: 6 columns"),
    ("58,Pertunmaa,837,2025-01-01,t\n", "merged.csv, row 2: '58': a municipality code has three digits"),
    ("588,Pertunmaa,837,1.1.2025,t\n", "merged.csv, row 2: a merger needs its day"),
    ("588,Pertunmaa,837,2025-01-01,\n", "merged.csv, row 2: a merger needs its day .* and its source"),
    ("588,P,837,2025-01-01,t\n588,P,837,2025-01-01,t\n", "merged.csv, row 3: code 588 is there twice"),
    ("837,Tampere,478,2025-01-01,t\n", "row 2: code 837 is still in municipalities.csv"),
    ("588,Pertunmaa,507,2025-01-01,t\n", "row 2: code 507 is not in municipalities.csv"),
]
ENDPOINT_MISTAKES = [
    ("[[endpoint\n", "endpoints.toml: this is not TOML"),
    ("[welfare]\n", "endpoints.toml: unknown: welfare"),
    ("[welfare_areas]\nnames_fi = 1\n", r"\[welfare_areas\]: unknown: names_fi"),
    ('[employment_areas]\nsince = "2025-01-01"\n', r"\[employment_areas\]: since has to be a day without quotes"),
    ("[employment_areas]\nsince = 2025-01-01T00:00:00\n", "since has to be a day without quotes"),
    ('[welfare_areas.names_sv]\n99 = "Nowhere"\n', "no municipality is in welfare area 99"),
    ('[[organiser]]\nid = "x"\nendpoints = ["social-99"]\n', "no such endpoint: social-99"),
    ('[[organiser]]\nendpoints = ["social-08"]\n', r"\[\[organiser\]\] number 1: an organiser needs an id"),
    ('[[endpoint]]\nid = "x"\nrole = "friend"\n', r"\[\[endpoint\]\] number 3: 'friend' is no role; write one of"),
    ('[[endpoint]]\nid = "x"\n', "number 3: '' is no role"),
    ('[[endpoint]]\nrole = "ngo"\n', "number 3: the id has to be"),
    ('[[endpoint]]\nid = "x"\nrole = "ngo"\n', "number 3: organiser and name_fi may not be empty"),
    ('[[endpoint]]\nid = "x"\nrole = "ngo"\nname_fi = 1\n', "name_fi has to be a text"),
    ('[[endpoint]]\nid = "x"\nrole = "ngo"\ncolour = "red"\n', "unknown: colour"),
    ('[[endpoint]]\nid = "social-08"\nrole = "ngo"\norganiser = "x"\nname_fi = "X"\n', "in use already"),
    ('[[endpoint]]\nid = "kela-2"\nrole = "kela"\norganiser = "x"\nname_fi = "X"\n', "2 endpoints have role kela"),
]


@pytest.mark.parametrize(("text", "problem"), MUNICIPALITY_MISTAKES)
def test_a_mistake_in_the_region_table_is_named_with_its_row(text: str, problem: str) -> None:
    with pytest.raises(PlacesError, match=problem):
        Places.parse(**{**SMALL, "municipalities": text})


@pytest.mark.parametrize(("text", "problem"), MERGED_MISTAKES)
def test_a_mistake_in_the_mergers_is_named_with_its_row(text: str, problem: str) -> None:
    with pytest.raises(PlacesError, match=problem):
        Places.parse(**{**SMALL, "merged": SMALL["merged"] + text})


@pytest.mark.parametrize(("text", "problem"), ENDPOINT_MISTAKES)
def test_a_mistake_in_the_endpoints_is_named_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(PlacesError, match=problem):
        Places.parse(**{**SMALL, "endpoints": SMALL["endpoints"] + text})


def test_a_missing_national_endpoint_is_refused() -> None:
    with pytest.raises(PlacesError, match="0 endpoints have role kela"):
        Places.parse(**{**SMALL, "endpoints": ""})


def test_an_area_that_ended_is_kept_with_its_successor() -> None:
    ended = (
        '[[endpoint]]\nid = "employment-pirkka"\nrole = "employment"\narea = "pirkka"\norganiser = "x"\n'
        'name_fi = "Pirkka"\nuntil = 2025-12-31\nsuccessor = "employment-tampereen-seutu"\n'
    )

    places = Places.parse(**{**SMALL, "endpoints": SMALL["endpoints"] + ended})

    old = places.endpoint(EndpointId("employment-pirkka"))
    assert old is not None
    assert (old.until, old.successor) == (date(2025, 12, 31), "employment-tampereen-seutu")
    assert places.welfare_areas_of(old.id) == ()
