"""Writes results.json of this folder: what a town keeps books of, as a Metabase would give it. All numbers are made up.
`python3 results.py > results.json`."""

import json

results = {}


def add(name, title, columns, rows, **arguments):
    columns = [column.split("|") for column in columns]
    assert rows and all(len(row) == len(columns) for row in rows), name
    results[name] = {"title": title, "arguments": arguments or {"card_id": 1700 + len(results)},
                     "columns": columns, "rows": rows}


# The city library
add("branch", "Library branches", ["branch|Branch|text", "loans_2024|Loans 2024|integer", "loans_2025|Loans 2025|integer", "members|Active Members|integer", "visitors|Visitors 2025|integer", "fines|Fines 2025|number"],
    [["Central Library", 214880, 226415, 18204, 402117, 21873.5], ["Eastgate", 88412, 84106, 6918, 121340, 9120.25], ["Harbour Street", 61207, 66954, 5077, 98611, 7404.0], ["Westhill", 47033, 46288, 3642, 70925, 4188.75], ["Mobile Library", 12960, 15511, 1413, 20087, 611.5]])
add("lending", "Lending by month", ["month|Month|date|month", "loans|Loans|integer", "renewals|Renewals|integer", "new_members|New Members|integer", "ebooks|E-Book Loans|integer"],
    [["2025-07-01", 33910, 8122, 411, 9240], ["2025-08-01", 31455, 7840, 387, 9871], ["2025-09-01", 37204, 9016, 702, 9633], ["2025-10-01", 39870, 9655, 655, 10218], ["2025-11-01", 41126, 10340, 518, 10744], ["2025-12-01", 35388, 9472, 296, 12035]])
add("overdue", "Overdue loans", ["loan_no|Loan No|integer", "title|Title|text", "borrowed_on|Borrowed On|date|day", "due_on|Due On|date|day", "returned_on|Returned On|date|day", "days_late|Days Late|integer", "fine|Fine|number"],
    [[70412, "The Salt Path", "2026-01-08", "2026-02-05", "2026-02-19", 14, 7.0], [70438, "Stoner", "2026-01-12", "2026-02-09", "2026-03-04", 23, 11.5], [70455, "Piranesi", "2026-01-15", "2026-02-12", None, 46, 23.0], [70490, "Austerlitz", "2026-01-22", "2026-02-19", "2026-02-27", 8, 4.0]])
add("dewey", "Loans by Dewey class", ["dewey_class|Dewey Class|integer", "subject|Subject|text", "loans|Loans|integer", "copies|Copies|integer", "turnover|Turnover|number"],
    [[0, "General works", 9120, 4410, 2.07], [300, "Social sciences", 27844, 10233, 2.72], [500, "Science", 19310, 8062, 2.4], [600, "Technology", 33702, 9954, 3.39], [800, "Literature", 71255, 24101, 2.96], [900, "History and geography", 30418, 12870, 2.36]])
# The clinic
add("dept", "Visits by department", ["department|Department|text", "visits|Visits|integer", "no_shows|No-Shows|integer", "no_show_rate|No-Show Rate|number", "avg_wait_min|Average Wait (min)|number", "revenue|Revenue|number"],
    [["Dermatology", 4180, 410, 0.0893, 21.4, 512330.0], ["Orthopaedics", 6322, 388, 0.0578, 34.9, 1204875.5], ["Cardiology", 3905, 171, 0.042, 28.3, 1377040.0], ["Paediatrics", 8274, 702, 0.0782, 17.6, 689102.25], ["ENT", 2716, 233, 0.079, 19.8, 301455.0]])
add("triage", "Emergency visits by triage level", ["triage_level|Triage Level|integer", "patients|Patients|integer", "median_wait_min|Median Wait (min)|integer", "admitted|Admitted|integer", "admitted_pct|Admitted %|number"],
    [[1, 88, 0, 81, 92.0], [2, 604, 9, 372, 61.6], [3, 2417, 38, 715, 29.6], [4, 3052, 74, 196, 6.4], [5, 911, 97, 12, 1.3]])
add("appoint", "Appointments of 11 May", ["visit_id|Visit ID|integer", "doctor|Doctor|text", "booked_on|Booked On|date|day", "scheduled|Scheduled|time", "seen|Seen|time", "left_at|Left|time", "minutes|Minutes with Doctor|integer"],
    [[50231, "Dr. Amsel", "2026-04-02", "08:30:00", "08:52:00", "09:17:00", 25], [50236, "Dr. Brandt", "2026-05-06", "09:15:00", "09:20:00", "09:32:00", 12], [50244, "Dr. Amsel", "2026-03-19", "10:00:00", "10:41:00", "11:13:00", 32], [50250, "Dr. Osei", "2026-04-27", "13:45:00", "13:45:00", "14:05:00", 20]])
add("clinicq", "Clinic by quarter", ["quarter|Quarter|date|quarter", "visits|Visits|integer", "revenue|Revenue|number", "costs|Costs|number", "result|Operating Result|number"],
    [["2025-01-01", 6120, 1004310.0, 961200.0, 43110.0], ["2025-04-01", 6544, 1088205.0, 1015770.0, 72435.0], ["2025-07-01", 5891, 942330.0, 998405.0, -56075.0], ["2025-10-01", 6842, 1049957.75, 1022140.0, 27817.75]])
add("arrive", "Arrivals by hour", ["hour|Hour|integer|hour-of-day", "arrivals|Arrivals|integer", "walk_ins|Walk-Ins|integer", "avg_wait_min|Average Wait (min)|number"],
    [[7, 214, 61, 8.1], [8, 902, 188, 19.7], [9, 1130, 245, 27.4], [12, 511, 207, 14.9], [15, 874, 290, 22.8], [18, 330, 166, 11.2]])
# The solar farm
add("solar", "Production by month", ["month|Month|date|month", "mwh|Production (MWh)|number", "exported|Exported (MWh)|number", "income|Income|number", "downtime_h|Downtime (h)|integer"],
    [["2025-03-01", 1204.6, 1150.2, 81664.2, 11], ["2025-04-01", 1588.3, 1522.9, 97465.6, 4], ["2025-05-01", 1910.7, 1831.0, 104367.0, 7], ["2025-06-01", 2044.1, 1966.4, 98320.0, 19], ["2025-07-01", 1987.5, 1902.8, 110362.4, 2], ["2025-08-01", 1761.9, 1688.7, 106388.1, 26]])
add("field", "Fields of the solar farm", ["field|Field|text", "panels|Panels|integer", "kwp|Capacity (kWp)|integer", "mwh|Production 2025 (MWh)|number", "yield|Specific Yield|number", "perf_ratio|Performance Ratio|number"],
    [["North", 8120, 3410, 3512.4, 1030.0, 0.842], ["South A", 6400, 2752, 2994.2, 1088.0, 0.871], ["South B", 6400, 2752, 2818.0, 1024.0, 0.819], ["Pond", 2210, 994, 1076.5, 1083.0, 0.866]])
add("inverter", "Inverter alarms", ["alarm_code|Alarm Code|integer", "alarm|Alarm|text", "events|Events|integer", "minutes_lost|Minutes Lost|integer", "kwh_lost|Lost (kWh)|number"],
    [[103, "grid_overvoltage", 61, 412, 1877.5], [105, "grid_overvoltage_fast", 14, 33, 140.2], [220, "string_fault", 9, 2610, 4420.0], [301, "fan_blocked", 27, 980, 911.8], [404, "comm_lost", 188, 5, 0.0]])
add("washing", "Panel washing runs", ["run|Run|integer", "field|Field|text", "started_on|Started On|date|day", "finished_on|Finished On|date|day", "panels|Panels Washed|integer", "water_m3|Water (m³)|number"],
    [[318, "North", "2026-03-23", "2026-03-27", 8120, 64.9], [319, "South A", "2026-03-30", "2026-04-02", 6400, 48.0], [322, "Pond", "2026-04-07", "2026-04-08", 2210, 19.4], [325, "South B", "2026-04-13", "2026-04-17", 6388, 52.2]])
# The football league
add("league", "League table", ["place|Place|integer", "team|Team|text", "won|Won|integer", "drawn|Drawn|integer", "lost|Lost|integer", "goals_for|Goals For|integer", "goals_against|Goals Against|integer", "goal_diff|Goal Difference|integer", "points|Points|integer"],
    [[1, "Rovers", 19, 6, 5, 61, 29, 32, 63], [2, "Port Vale Town", 17, 8, 5, 54, 31, 23, 59], [3, "Athletic 1899", 16, 4, 10, 58, 47, 11, 52], [4, "Dockers FC", 12, 9, 9, 40, 38, 2, 45], [5, "Union", 9, 8, 13, 37, 44, -7, 35], [6, "Hill Wanderers", 4, 7, 19, 26, 63, -37, 19]])
add("match", "Matches of the last two rounds", ["match_no|Match No|integer", "round|Round|integer", "home|Home|text", "away|Away|text", "home_goals|Home Goals|integer", "away_goals|Away Goals|integer", "played_on|Played On|date|day", "kickoff|Kick-Off|time", "attendance|Attendance|integer"],
    [[175, 29, "Rovers", "Union", 3, 1, "2026-05-09", "15:30:00", 8412], [176, 29, "Dockers FC", "Athletic 1899", 2, 4, "2026-05-10", "14:00:00", 5120], [177, 29, "Hill Wanderers", "Port Vale Town", 0, 2, "2026-05-10", "17:15:00", 1877], [178, 30, "Union", "Dockers FC", 1, 0, "2026-05-16", "15:30:00", 4066], [179, 30, "Athletic 1899", "Rovers", 2, 2, "2026-05-16", "18:00:00", 7950]])
add("stand", "Tickets by stand", ["stand|Stand|text", "tickets|Tickets Sold|integer", "income|Income|number", "season_share|Season Ticket Share|number", "capacity|Capacity|integer"],
    [["Main Stand", 41200, 1030000.0, 0.412, 3200], ["East Terrace", 58410, 701505.0, 0.537, 4500], ["Family Block", 17260, 207120.0, 0.298, 1100], ["Away End", 9035, 180700.0, 0.0, 900]])
# The bakery's wholesale
add("client", "Wholesale customers", ["customer|Customer|text", "orders|Orders|integer", "loaves|Loaves|integer", "revenue_2024|Revenue 2024|number", "revenue_2025|Revenue 2025|number", "margin_pct|Margin %|number"],
    [["Café Lindner GmbH", 311, 18204, 44120.5, 51877.25, 31.2], ["Hotel Seeblick", 254, 22730, 61004.0, 58390.0, 24.8], ["Markthalle eG", 402, 40115, 88610.75, 97204.5, 18.9], ["Kita Sonnenschein", 198, 6011, 14022.0, 15733.0, 12.4], ["Bistro No. 7", 120, 4870, 12911.0, 9876.4, 35.1]])
add("bread", "Products", ["product|Product|text", "sold|Sold|integer", "returned|Returned|integer", "unit_price|Unit Price|number", "unit_cost|Unit Cost|number", "return_rate|Return Rate|number"],
    [["Rye loaf", 31204, 1180, 3.2, 1.44, 0.0378], ["Sourdough", 24877, 402, 4.5, 1.98, 0.0162], ["Baguette", 40610, 3390, 1.6, 0.71, 0.0835], ["Spelt roll", 88120, 4115, 0.75, 0.29, 0.0467], ["Plum cake", 5014, 96, 14.9, 6.35, 0.0191]])
add("delivery", "Deliveries", ["delivery_no|Delivery No|integer", "customer|Customer|text", "ordered_on|Ordered On|date|day", "delivered_on|Delivered On|date|day", "paid_on|Paid On|date|day", "crates|Crates|integer", "amount|Amount|number"],
    [[90117, "Hotel Seeblick", "2026-04-14", "2026-04-16", "2026-05-02", 42, 1877.4], [90121, "Markthalle eG", "2026-04-15", "2026-04-16", "2026-04-29", 80, 3240.0], [90126, "Café Lindner GmbH", "2026-04-15", "2026-04-17", "2026-05-11", 26, 1104.85], [90133, "Hotel Seeblick", "2026-04-21", "2026-04-23", None, 38, 1699.0]])
add("sales", "Wholesale revenue", ["created_at|Created At: Quarter|date|quarter", "revenue|Revenue|number"],
    [["2025-01-01", 54310.0], ["2025-04-01", 61277.5], ["2025-07-01", 60297.0], ["2025-10-01", 65401.15]],
    metric_id=71, group_by=[{"dimension": "created_at", "granularity": "quarter"}])
add("refunds", "Wholesale refunds", ["refunded_at|Refunded At: Quarter|date|quarter", "refunds|Refunds|number"],
    [["2025-01-01", 1240.0], ["2025-04-01", 988.5], ["2025-07-01", 1715.25], ["2025-10-01", 1322.0]],
    metric_id=72, group_by=[{"dimension": "refunded_at", "granularity": "quarter"}])
add("page", "Pages of the order site", ["path|Path|text", "views|Views|integer", "orders|Orders|integer", "exit_rate|Exit Rate|number", "avg_seconds|Average Seconds|number"],
    [["/", 18233, 212, 0.381, 33.8], ["/bread", 9047, 640, 0.214, 71.2], ["/cakes", 4410, 305, 0.277, 88.4], ["/login", 12780, 18, 0.122, 19.5]])
add("b24", "Sales by shop", ["shop|Shop|text", "customers|Customers|integer", "revenue|Revenue|number"],
    [["Station", 70412, 352060.0], ["Old Town", 48133, 264731.5], ["Harbour", 21960, 98820.0]], card_id=1790, parameters={"year": "2024"})
add("b25", "Sales by shop", ["shop|Shop|text", "customers|Customers|integer", "revenue|Revenue|number"],
    [["Station", 74108, 385361.6], ["Old Town", 45920, 261744.0], ["Harbour", 25377, 121809.6]], card_id=1790, parameters={"year": "2025"})
# How healthy the data is
add("check", "Failed checks", ["run_id|Run ID|integer", "test|Test|text", "model|Model|text", "failures|Failures|integer", "ran_at|Ran At|datetime", "message|Message|text"],
    [[81207, "not_null_loans_member_id", "stg_loans", 37, "2026-05-28T04:12:00", "Got 37 results, configured to fail if != 0"], [81207, "unique_stg_members_email", "stg_members", 5, "2026-05-28T04:13:00", "Got 5 results, configured to fail if != 0"], [81220, "relationships_orders_customer", "stg_orders", 112, "2026-05-29T04:10:00", "relation \"stg_orders_copy\" does not exist"], [81234, "accepted_values_visit_state", "stg_visits", 8, "2026-05-30T04:15:00", "Got 8 results, configured to fail if != 0"]])
add("source", "Freshness of sources", ["source|Source|text", "loaded_at|Loaded At|datetime", "rows|Rows|integer", "hours_old|Hours Old|number"],
    [["library.loans", "2026-06-29T22:40:00", 1204331, 9.3], ["clinic.visits", "2026-06-27T03:05:00", 310877, 76.9], ["bakery.orders", "2026-06-30T01:20:00", 88214, 6.7]])

lines = [f'{json.dumps(name)}: {json.dumps(result, ensure_ascii=False, separators=(",", ":"))}' for name, result in results.items()]
print("{\n" + ",\n".join(lines) + "\n}")
