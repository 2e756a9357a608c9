"""Writes results.json of this folder: results of fields that no other set has, as a Metabase would give them. All numbers are made up.
`python3 results.py > results.json`."""

import json

results = {}


def add(name, title, columns, rows, **arguments):
    columns = [column.split("|") for column in columns]
    assert rows and all(len(row) == len(columns) for row in rows), name
    results[name] = {"title": title, "arguments": arguments or {"card_id": 1400 + len(results)},
                     "columns": columns, "rows": rows}


# Fisheries
add("quota", "Quota and catch by species", ["species|Species|text", "quota_t|Quota (t)|integer", "landed_t|Landed (t)|integer", "used_pct|Quota Used %|number", "price_kg|Price per kg|number"],
    [["Cod", 24500, 22148, 90.4, 3.85], ["Haddock", 18200, 12703, 69.8, 2.4], ["Saithe", 31000, 29264, 94.4, 1.65], ["Mackerel", 46800, 46051, 98.4, 1.12], ["Plaice", 7400, 3219, 43.5, 2.95]])
add("trip", "Landings of the week", ["trip_no|Trip No|integer", "vessel|Vessel|text", "left_port_on|Left Port On|date|day", "landed_on|Landed On|date|day", "catch_kg|Catch (kg)|integer", "crew|Crew|integer", "value|Value|number"],
    [[8817, "Nordlys", "2026-03-02", "2026-03-09", 41200, 11, 98540.0], [8821, "Havbris", "2026-03-04", "2026-03-10", 27850, 8, 71233.5], [8826, "Sjøfareren", "2026-02-27", "2026-03-11", 63410, 14, 131902.75], [8830, "Ternen", "2026-03-08", "2026-03-12", 9140, 5, 30066.25]])
# Water works
add("zone", "Water supply zones", ["zone|Zone|integer", "households|Households|integer", "supplied_m3|Supplied (m³)|integer", "leakage_pct|Leakage %|number", "bursts|Pipe Bursts|integer"],
    [[1, 8412, 104230, 12.4, 7], [2, 11907, 139884, 18.9, 19], [3, 5230, 61755, 9.6, 3], [4, 14088, 188021, 21.3, 26], [5, 3377, 40912, 14.1, 5]])
add("sample", "Water samples", ["sample_id|Sample ID|integer", "site|Site|text", "taken_on|Taken On|date|day", "reported_on|Reported On|date|day", "nitrate_mg_l|Nitrate (mg/l)|number", "ph|pH|number"],
    [[60114, "Mill Spring", "2026-01-12", "2026-01-19", 18.4, 7.31], [60131, "North Well", "2026-01-14", "2026-01-23", 33.7, 7.08], [60155, "Lake Intake", "2026-01-21", "2026-01-29", 9.2, 7.62], [60178, "Quarry Well", "2026-01-26", "2026-02-05", 41.5, 6.94]])
# Bike share
add("bikehour", "Rentals by hour", ["hour|Hour|integer|hour-of-day", "rentals|Rentals|integer", "avg_minutes|Average Minutes|number", "ebike_share|E-Bike Share|number"],
    [[5, 61, 14.2, 0.311], [7, 902, 11.8, 0.274], [8, 1388, 12.1, 0.268], [12, 744, 17.5, 0.342], [15, 690, 19.3, 0.357], [17, 1511, 13.4, 0.281], [20, 488, 21.6, 0.398], [23, 172, 16.9, 0.405]])
add("dock", "Bike stations", ["station|Station|text", "docks|Docks|integer", "departures|Departures|integer", "arrivals|Arrivals|integer", "net|Net Flow|integer", "empty_pct|Time Empty %|number"],
    [["Central Station", 60, 18422, 17904, -518, 11.2], ["University", 45, 12077, 12960, 883, 6.4], ["Harbour Front", 32, 9310, 8733, -577, 19.8], ["Stadium", 40, 4188, 4402, 214, 3.1], ["City Park", 28, 7755, 7753, -2, 8.7]])
# Software delivery
add("deploy", "Deployments", ["build_no|Build No|integer", "service|Service|text", "started|Started|datetime", "finished|Finished|datetime", "tests|Tests|integer", "failed|Failed|integer", "coverage_pct|Coverage %|number"],
    [[4471, "billing", "2026-02-03T09:12:00", "2026-02-03T09:31:00", 1844, 0, 87.2], [4472, "search", "2026-02-03T10:05:00", "2026-02-03T10:48:00", 3120, 14, 78.9], [4475, "gateway", "2026-02-03T13:27:00", "2026-02-03T13:39:00", 977, 2, 91.4], [4480, "mailer", "2026-02-04T08:02:00", "2026-02-04T08:09:00", 412, 0, 94.8]])
add("incident", "Incidents by severity", ["severity|Severity|integer", "incidents|Incidents|integer", "mean_minutes|Mean Minutes to Resolve|number", "within_sla_pct|Within SLA %|number"],
    [[1, 6, 48.5, 83.3], [2, 23, 126.0, 78.3], [3, 71, 412.5, 88.7], [4, 118, 1290.0, 95.8]])
# Web analytics
add("landing", "Landing pages", ["page|Page|text", "sessions|Sessions|integer", "bounce_rate|Bounce Rate|number", "conversions|Conversions|integer", "avg_seconds|Average Seconds|number"],
    [["/", 81204, 0.412, 1309, 74.2], ["/pricing", 22718, 0.287, 984, 118.6], ["/blog/winter-tyres", 35066, 0.738, 97, 41.9], ["/docs/start", 14830, 0.334, 402, 203.5], ["/jobs", 6017, 0.521, 58, 66.3]])
add("device", "Sessions by device, January and February", ["device|Device|text", "sessions_jan|Sessions January|integer", "sessions_feb|Sessions February|integer", "orders_jan|Orders January|integer", "orders_feb|Orders February|integer"],
    [["Phone", 60412, 66903, 812, 1004], ["Desktop", 41877, 38250, 1190, 1122], ["Tablet", 5210, 4788, 66, 71]])
# Hotels
add("hotel", "Hotels", ["hotel|Hotel|text", "rooms|Rooms|integer", "nights_sold|Nights Sold|integer", "occupancy|Occupancy|number", "adr|Average Daily Rate|number", "cancelled|Cancelled|integer"],
    [["Grand Hotel Aurora", 212, 5044, 0.793, 184.5, 311], ["Seaside Inn & Spa", 88, 2210, 0.837, 142.0, 97], ["Hotel Kastanie", 54, 1019, 0.629, 96.75, 64], ["Station Lodge", 130, 3498, 0.897, 88.2, 402]])
add("booking", "Group bookings", ["booking_no|Booking No|integer", "guest|Guest|text", "booked_on|Booked On|date|day", "check_in|Check-In|date|day", "check_out|Check-Out|date|day", "cancelled_on|Cancelled On|date|day", "rooms|Rooms|integer", "amount|Amount|number"],
    [[30551, "Alpenverein", "2025-11-03", "2026-02-14", "2026-02-18", None, 22, 15840.0], [30560, "Rotary Club", "2025-11-17", "2026-03-06", "2026-03-08", "2026-01-22", 14, 4977.0], [30572, "Chorus Nova", "2025-12-01", "2026-04-10", "2026-04-13", None, 31, 17205.5], [30588, "Judo Union", "2025-12-09", "2026-03-20", "2026-03-22", "2026-02-27", 18, 6912.0]])
# Courts
add("court", "Cases by year", ["year|Year|integer", "filed|Filed|integer", "closed|Closed|integer", "pending|Pending at Year End|integer", "median_days|Median Days to Close|integer"],
    [[2020, 4102, 3655, 2210, 141], [2021, 3877, 4014, 2073, 152], [2022, 4390, 4188, 2275, 149], [2023, 4716, 4530, 2461, 158], [2024, 4655, 4902, 2214, 144], [2025, 4981, 4873, 2322, 147]])
add("judge", "Hearings by courtroom and weekday", ["courtroom|Courtroom|integer", "weekday|Weekday|text", "hearings|Hearings|integer", "adjourned|Adjourned|integer"],
    [[2, "Monday", 41, 9], [2, "Wednesday", 38, 4], [2, "Friday", 22, 6], [5, "Monday", 57, 12], [5, "Wednesday", 49, 15], [5, "Friday", 33, 2]])
# Blood bank
add("blood", "Blood stock", ["blood_group|Blood Group|text", "units|Units|integer", "expiring_7d|Expiring in 7 Days|integer", "demand|Weekly Demand|integer", "cover_days|Days of Cover|number"],
    [["0+", 412, 38, 290, 9.9], ["0-", 74, 5, 88, 5.9], ["A+", 388, 41, 247, 11.0], ["A-", 91, 12, 63, 10.1], ["B+", 102, 9, 71, 10.1], ["AB-", 17, 3, 8, 14.9]])
# Ski area
add("lift", "Ski lifts", ["lift|Lift|text", "opens|Opens|time", "closes|Closes|time", "rides|Rides|integer", "capacity_h|Capacity per Hour|integer", "stopped_min|Minutes Stopped|integer"],
    [["Gondola", "08:15:00", "16:30:00", 21877, 2400, 34], ["Summit Chair", "08:45:00", "15:45:00", 13204, 1800, 71], ["Glacier T-Bar", "09:00:00", "15:15:00", 4120, 900, 12], ["Village Six", "08:30:00", "16:45:00", 18650, 3000, 19]])
add("snow", "Season by month", ["month|Month|date|month", "skiers|Skiers|integer", "revenue|Revenue|number", "snow_cm|Mean Snow Depth (cm)|integer", "closed_days|Days Closed|integer"],
    [["2025-11-01", 8420, 371044.0, 38, 9], ["2025-12-01", 41266, 1988310.5, 74, 3], ["2026-01-01", 55910, 2731405.0, 121, 2], ["2026-02-01", 60133, 3104877.25, 148, 1], ["2026-03-01", 38704, 1760322.0, 132, 4], ["2026-04-01", 12055, 433980.0, 86, 6]])
# Forestry
add("stand", "Forest stands", ["stand_no|Stand No|integer", "species|Main Species|text", "area_ha|Area (ha)|number", "age|Age|integer", "volume_m3|Volume (m³)|integer", "felled_m3|Felled (m³)|integer"],
    [[14, "Spruce", 22.4, 71, 9840, 1210], [17, "Beech", 31.8, 118, 11305, 640], [22, "Scots pine", 12.6, 54, 3277, 0], [29, "Oak", 18.1, 142, 5890, 185], [31, "Larch", 9.7, 38, 2014, 96]])
# Podcasts
add("episode", "Episodes", ["episode|Episode|integer", "title|Title|text", "recorded_on|Recorded On|date|day", "published_on|Published On|date|day", "downloads|Downloads|integer", "minutes|Minutes|integer", "completion|Completion Rate|number"],
    [[41, "Tides", "2025-09-02", "2025-09-16", 18230, 47, 0.614], [42, "The Long Shift", "2025-09-11", "2025-09-30", 22945, 63, 0.552], [43, "Paper Money", "2025-09-25", "2025-10-14", 15402, 39, 0.701], [44, "Salt Roads", "2025-10-08", "2025-10-28", 27118, 58, 0.583], [45, "Night Trains", "2025-10-21", "2025-11-11", 19877, 44, 0.667]])
# Call centre
add("queue", "Call queues", ["queue|Queue|text", "calls|Calls|integer", "abandoned|Abandoned|integer", "avg_wait_s|Average Wait (s)|integer", "avg_talk_s|Average Talk (s)|integer", "answered_20s_pct|Answered within 20 s %|number"],
    [["Billing", 6120, 311, 42, 318, 71.4], ["Technical", 9844, 1022, 97, 561, 48.2], ["New contracts", 2877, 88, 19, 404, 88.6], ["Complaints", 1420, 190, 73, 622, 55.9]])
add("csat", "Ratings after calls", ["stars|Stars|integer", "answers|Answers|integer", "share_pct|Share %|number", "avg_talk_s|Average Talk (s)|integer"],
    [[1, 312, 8.4, 588], [2, 244, 6.6, 541], [3, 509, 13.7, 466], [4, 1187, 31.9, 402], [5, 1466, 39.4, 377]])
# Railway freight
add("freight", "Freight by commodity", ["commodity|Commodity|text", "tonnes_2024|Tonnes 2024|integer", "tonnes_2025|Tonnes 2025|integer", "trains|Trains 2025|integer", "margin|Margin 2025|number"],
    [["Steel", 1820400, 1744900, 2210, 1214000.0], ["Grain", 640250, 733810, 988, -87300.0], ["Containers", 2410700, 2688350, 4102, 3390500.0], ["Timber", 388900, 301275, 611, -241800.0]])
add("wagon", "Wagon repairs by depot", ["depot|Depot|text", "wagons|Wagons|integer", "avg_days|Average Days|number", "cost|Cost|number", "on_time_pct|On Time %|number"],
    [["Linz Ost", 214, 6.4, 381200.0, 82.7], ["Graz", 97, 9.1, 240150.5, 69.1], ["Villach Süd", 163, 4.8, 215844.0, 91.4], [None, 12, 11.5, 31900.0, 50.0]])
# Marathon
add("runner", "First women", ["place|Place|integer", "bib|Bib|integer", "name|Name|text", "country|Country|text", "half_time|Half|time", "finish_time|Finish|time", "age|Age|integer"],
    [[1, 104, "Selam Bekele", "ETH", "01:10:22", "02:21:47", 27], [2, 111, "Ruth Cherono", "KEN", "01:10:21", "02:22:35", 31], [3, 102, "Lena Vogt", "GER", "01:12:08", "02:25:13", 29], [4, 137, "Mio Tanaka", "JPN", "01:12:44", "02:26:50", 24], [5, 119, "Ana Prado", "BRA", "01:13:31", "02:30:09", 33]])
# Breweries
add("brew", "Batches", ["batch|Batch|integer", "beer|Beer|text", "brewed_on|Brewed On|date|day", "bottled_on|Bottled On|date|day", "litres|Litres|integer", "abv|ABV %|number", "loss_pct|Loss %|number"],
    [[611, "Helles", "2026-01-07", "2026-02-04", 4200, 4.9, 3.1], [612, "Pale Ale", "2026-01-12", "2026-02-02", 2850, 5.4, 6.7], [615, "Stout", "2026-01-19", "2026-02-20", 1900, 6.2, 4.4], [618, "Weizen", "2026-01-28", "2026-02-17", 3600, 5.1, 2.8]])
# Parking, two years from two turns
add("park24", "Garages", ["garage|Garage|text", "entries|Entries|integer", "revenue|Revenue|number", "avg_hours|Average Hours|number"],
    [["Opera", 88210, 512430.0, 2.9], ["Market Hall", 121044, 488012.5, 1.6], ["Riverside", 46120, 301877.0, 3.4]], card_id=1490, parameters={"year": "2024"})
add("park25", "Garages", ["garage|Garage|text", "entries|Entries|integer", "revenue|Revenue|number", "avg_hours|Average Hours|number"],
    [["Opera", 91377, 560120.5, 3.1], ["Market Hall", 114890, 471330.0, 1.7], ["Riverside", 52018, 358244.0, 3.3]], card_id=1490, parameters={"year": "2025"})
# Metrics
add("subs", "New subscriptions", ["created_at|Created At: Month|date|month", "count|New Subscriptions|integer"],
    [["2025-07-01", 1204], ["2025-08-01", 1088], ["2025-09-01", 1391], ["2025-10-01", 1502], ["2025-11-01", 1477], ["2025-12-01", 1120]],
    metric_id=91, group_by=[{"dimension": "created_at", "granularity": "month"}])
add("churned", "Cancelled subscriptions", ["cancelled_at|Cancelled At: Month|date|month", "count|Cancelled Subscriptions|integer"],
    [["2025-07-01", 640], ["2025-08-01", 711], ["2025-09-01", 588], ["2025-10-01", 693], ["2025-11-01", 820], ["2025-12-01", 1004]],
    metric_id=92, group_by=[{"dimension": "cancelled_at", "granularity": "month"}])
add("vaccine", "Vaccinations by week", ["week|Week|integer", "first_doses|First Doses|integer", "boosters|Boosters|integer", "coverage|Coverage|number"],
    [[36, 412, 1880, 0.214], [37, 633, 2977, 0.248], [38, 1204, 4410, 0.301], [39, 1377, 5206, 0.362], [40, 1090, 4133, 0.411], [41, 702, 2688, 0.443]])
add("shop", "Verkauf nach Filiale", ["filiale|Filiale|text", "umsatz|Umsatz|number", "kunden|Kunden|integer", "retouren|Retouren|integer", "anteil_online|Anteil Online %|number"],
    [["Bremen", 412880.5, 9120, 311, 21.4], ["Kiel", 288104.0, 6644, 287, 34.9], ["Rostock", 197330.25, 5018, 102, 12.8], ["Lübeck", 240915.0, 5730, 164, 27.3]])

lines = [f'{json.dumps(name)}: {json.dumps(result, ensure_ascii=False, separators=(",", ":"))}' for name, result in results.items()]
print("{\n" + ",\n".join(lines) + "\n}")
