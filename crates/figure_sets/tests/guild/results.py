"""Writes results.json of this folder: results of small trades and clubs that no other set has, as a Metabase would give them. All
numbers are made up. `python3 results.py > results.json`."""

import json

results = {}


def add(name, title, columns, rows, **arguments):
    columns = [column.split("|") for column in columns]
    assert rows and all(len(row) == len(columns) for row in rows), name
    results[name] = {"title": title, "arguments": arguments or {"card_id": 2100 + len(results)},
                     "columns": columns, "rows": rows}


# Beekeepers
add("hive", "Hives in summer", ["hive|Hive|integer", "apiary|Apiary|text", "honey_kg|Honey (kg)|number", "frames|Frames|integer", "mites|Mites per 100 Bees|number"],
    [[7, "Linden Row", 31.4, 20, 2.1], [12, "Linden Row", 18.9, 16, 4.8], [14, "Old Quarry", 44.2, 22, 1.3], [18, "Old Quarry", 27.5, 18, 3.6], [23, "Mill Meadow", 9.7, 10, 6.2]])
# Trams and ferries of a harbour town
add("tram", "Boardings by line", ["line|Line|integer", "route|Route|text", "boardings|Boardings|integer", "late_pct|Late %|number", "vehicles|Vehicles|integer"],
    [[3, "Harbor Line", 41208, 6.4, 9], [7, "Hill Line", 28840, 11.9, 7], [11, "Airport Express", 17395, 3.2, 5], [15, "Ring", 52671, 8.8, 12]])
# Notaries
add("deed", "Deeds", ["deed_no|Deed No|integer", "parties|Parties|text", "drafted_on|Drafted On|date|day", "signed_on|Signed On|date|day", "registered_on|Registered On|date|day", "fee|Fee|number"],
    [[301, "Brandt Holding GmbH", "2026-02-02", "2026-02-19", "2026-03-11", 1840.0], [304, "Osei & Partner", "2026-02-05", "2026-02-12", "2026-03-02", 2215.5], [309, "Kilmer Estates Ltd.", "2026-02-16", "2026-03-03", "2026-04-14", 960.0], [312, "Varga Timber", "2026-02-23", "2026-03-20", "2026-05-05", 3105.25]])
# Software boxes by quarter
add("renew", "Renewals by quarter", ["quarter|Quarter|date|quarter", "renewed|Renewed|integer", "lapsed|Lapsed|integer", "arr|Renewed ARR|number"],
    [["2025-01-01", 412, 61, 1840500.0], ["2025-04-01", 455, 48, 2011300.0], ["2025-07-01", 498, 73, 2206900.0], ["2025-10-01", 541, 66, 2390750.0]])
# A packing shed
add("crate", "Shipments by week", ["week|Week|date|week", "subtotal|Subtotal|number", "quantity|Quantity|integer", "boxes|Boxes|integer"],
    [["2026-03-02", 412.35, 188, 21], ["2026-03-09", 599.94, 214, 25], ["2026-03-16", 287.1, 131, 14], ["2026-03-23", 540.66, 222, 27]])
add("order", "Open shipments", ["order_id|Order ID|integer", "subtotal|Subtotal|number", "quantity|Quantity|integer", "shelf|Shelf|integer"],
    [[107000, 108.36, 42, 5], [107013, 75.2, 31, 9], [107029, 301.9, 118, 2], [107044, 64.75, 27, 14]])
# German energy cooperative
add("strom", "Einspeisung nach Quartal", ["quartal|Quartal|date|quarter", "kwh|Einspeisung (kWh)|integer", "erloes|Erlös|number", "ausfall_h|Ausfallstunden|integer"],
    [["2025-01-01", 41230, 3298.4, 14], ["2025-04-01", 88915, 7113.2, 6], ["2025-07-01", 93480, 7478.4, 9], ["2025-10-01", 36702, 2936.16, 31]])
# Accounts of a wholesaler with small numbers
add("acct", "Accounts", ["account|Account|integer", "name|Name|text", "balance|Balance|number", "overdue|Overdue|number", "tickets|Tickets|integer"],
    [[9, "Marlow Brewing Co.", 18420.5, 0.0, 3], [14, "Tessel Freight", -2310.0, 512.4, 8], [18, "Quint Optics, Inc.", 40377.25, 1204.0, 2], [27, "Arbor House", 7650.0, 88.9, 11], [33, "Lund Marine", 12994.6, 2040.0, 6]])
# Escape rooms
add("room", "Escape rooms", ["room|Room|text", "bookings|Bookings|integer", "escaped_pct|Escaped %|number", "avg_min|Average Minutes|number", "price|Price|number"],
    [["The Vault", 388, 41.2, 52.6, 29.0], ["Submarine", 512, 35.9, 55.1, 32.5], ["Witch House", 274, 63.5, 44.8, 27.0], ["Orbit Nine", 455, 28.4, 57.3, 34.0]])
# Chess club
add("chess", "Ratings of the season", ["player|Player|text", "rating_2024|Rating 2024|integer", "rating_2025|Rating 2025|integer", "games|Games|integer", "score_pct|Score %|number"],
    [["Ines Okafor", 1812, 1877, 44, 61.4], ["Paul Reiter", 2044, 2019, 38, 55.3], ["Mats Lind", 1690, 1755, 51, 52.9], ["Yara Haddad", 1933, 1931, 29, 48.3]])
# Translation agency
add("lang", "Jobs by language pair", ["pair|Language Pair|text", "jobs|Jobs|integer", "words|Words|integer", "cost|Cost|number", "invoiced|Invoiced|number", "late|Late Jobs|integer"],
    [["EN-DE", 214, 412800, 33024.0, 49536.0, 9], ["DE-FR", 97, 168340, 15150.6, 22725.9, 12], ["EN-JA", 41, 70215, 12638.7, 16852.0, 3], ["ES-EN", 163, 305990, 21419.3, 30599.0, 21]])
# Elevators
add("lift", "Elevators by building", ["building|Building|text", "installed_on|Installed On|date|day", "inspected_on|Inspected On|date|day", "trips|Trips|integer", "faults|Faults|integer", "downtime_h|Downtime (h)|number"],
    [["Town Hall", "2009-05-11", "2026-01-20", 88210, 4, 11.5], ["Clinic East", "2016-09-02", "2026-02-13", 140377, 11, 38.25], ["Opera Garage", "1998-03-30", "2025-12-09", 61904, 17, 92.0], ["Library", "2021-07-19", "2026-03-04", 33586, 2, 4.75]])
# Dog shelter
add("dogs", "Shelter by month", ["month|Month|date|month", "arrived|Arrived|integer", "adopted|Adopted|integer", "in_care|In Care at Month End|integer", "cost|Cost|number"],
    [["2025-09-01", 38, 41, 112, 18240.0], ["2025-10-01", 44, 36, 120, 19411.5], ["2025-11-01", 29, 40, 109, 17630.25], ["2025-12-01", 51, 33, 127, 21905.0], ["2026-01-01", 35, 48, 114, 18777.0]])
# Satellites
add("pass", "Passes over the ground station", ["norad|NORAD|integer", "satellite|Satellite|text", "rises|Rises|time", "sets|Sets|time", "max_elevation|Max Elevation|integer", "frames|Frames Received|integer"],
    [[25544, "Zarya", "04:12:00", "04:22:00", 67, 0], [33591, "Noaa Nineteen", "06:41:00", "06:55:00", 81, 1204], [40069, "Meteor Two", "09:03:00", "09:16:00", 38, 877], [43013, "Jay One", "13:27:00", "13:41:00", 74, 1533]])
# Kindergarten groups
add("group", "Groups of the kindergarten", ["group|Group|text", "children|Children|integer", "staff|Staff|integer", "waiting|On Waiting List|integer", "sick_days|Sick Days|integer"],
    [["Otters", 22, 4, 7, 31], ["Hedgehogs", 18, 3, 12, 45], ["Sparrows", 24, 4, 3, 28], ["Total", 64, 11, 22, 104]])
# Bell foundry
add("bell", "Bells cast", ["bell_no|Bell No|integer", "town|Town|text", "cast_year|Cast|integer", "weight_kg|Weight (kg)|integer", "tone_hz|Tone (Hz)|number", "price|Price|number"],
    [[1, "Altmark", 2021, 840, 440.2, 51200.0], [2, "Sankt Veit", 2022, 1320, 369.8, 80740.0], [3, "Norrby", 2024, 615, 493.5, 37900.0], [4, "Ulm", 2025, 2210, 311.4, 131500.0]])
# Coffee roaster, two years in columns
add("roast", "Roasts by origin", ["origin|Origin|text", "kg_2024|Kilograms 2024|integer", "kg_2025|Kilograms 2025|integer", "cupping|Cupping Score|number", "margin|Margin|number"],
    [["Huila", 4120, 4655, 86.5, 0.312], ["Sidama", 3388, 2970, 88.25, 0.287], ["Cerrado", 7215, 7904, 82.0, 0.344], ["Mandheling", 1544, 1210, 84.75, 0.261]])
# Theatre workshop hours by weekday and shop
add("shop", "Workshop hours", ["shop|Shop|text", "weekday|Weekday|text", "hours|Hours|number", "overtime|Overtime|number"],
    [["Carpentry", "Monday", 61.5, 4.0], ["Carpentry", "Thursday", 58.0, 9.5], ["Costumes", "Monday", 44.25, 1.5], ["Costumes", "Thursday", 70.75, 12.0], ["Paint", "Monday", 22.0, 0.5], ["Paint", "Thursday", 31.25, 3.25]])
# Claims desk
add("customs", "Declarations by office", ["office|Office|integer", "declared|Declared|integer", "inspected|Inspected|integer", "duty|Duty|number", "median_h|Median Hours|number"],
    [[4100, 2211, 143, 801230.0, 5.5], [4102, 1388, 201, 412905.5, 9.0], [4107, 3460, 97, 1330412.0, 3.25], [4120, 712, 64, 188077.75, 12.5]])
add("calc", "calculate", ["name|name|text", "value|value|number"],
    [["words per job, EN-DE", 1928.97], ["words per job, ES-EN", 1877.24]], calculations=[{"name": "words per job, EN-DE"}, {"name": "words per job, ES-EN"}])

lines = [f'{json.dumps(name)}: {json.dumps(result, ensure_ascii=False, separators=(",", ":"))}' for name, result in results.items()]
print("{\n" + ",\n".join(lines) + "\n}")
