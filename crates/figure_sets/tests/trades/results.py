"""Writes results.json of this folder: results of many trades as a Metabase would give them. Most are made up (the numbers by a
generator with a fixed seed), the last few are from the public tables of the shared benchmark folder (argument 1).
`python3 results.py FOLDER > results.json`."""

import csv
import json
import pathlib
import random
import sqlite3
import sys

random.seed(20261129)
results = {}
whole = random.randint


def real(low, high, digits=2):
    return round(random.uniform(low, high), digits)


def add(name, title, columns, rows, arguments=None):
    columns = [column.split("|") for column in columns]
    rows = [list(row) for row in rows]
    assert rows and all(len(row) == len(columns) for row in rows), name
    results[name] = {"title": title, "arguments": arguments or {"card_id": 800 + len(results)},
                     "columns": columns, "rows": rows}


def metric(number, group=None, unit=None, year=None, on="created_at"):
    arguments = {"metric_id": number}
    if group:
        arguments["group_by"] = [{"dimension": group, **({"granularity": unit} if unit else {})}]
    if year:
        arguments["filters"] = [{"dimension": on, "operation": "year-equals", "values": [year]}]
    return arguments


# Hospital
add("ward", "Wards", ["ward|Ward|text", "beds|Beds|integer", "admissions|Admissions|integer", "avg_stay_days|Average Stay (Days)|number", "occupancy_pct|Occupancy %|number"],
    [[ward, whole(18, 42), whole(300, 1900), real(2, 9, 1), real(61, 98, 1)] for ward in
     ["Cardiology", "Oncology", "Orthopaedics", "Paediatrics", "Maternity", "Neurology", "Intensive Care"]])
add("triage", "Emergency visits by triage level", ["triage_level|Triage Level|integer", "patients|Patients|integer", "median_wait_min|Median Wait (min)|number", "left_unseen|Left Unseen|integer"],
    [[level, patients, wait, left] for level, patients, wait, left in
     [(1, 412, 2.0, 0), (2, 3871, 11.5, 6), (3, 11204, 48.0, 231), (4, 8933, 87.5, 604), (5, 1750, 121.0, 318)]])
add("theatre", "Operating theatres", ["theatre|Theatre|text", "procedures|Procedures|integer", "cancelled|Cancelled|integer", "first_start|Average First Start|time", "turnover_min|Turnover (min)|integer"],
    [["OR-1", 914, 31, "07:52:00", 34], ["OR-2", 1120, 22, "07:47:00", 29], ["OR-3", 688, 47, "08:14:00", 41], ["OR-4", 1043, 38, "08:03:00", 37], ["OR-5", 377, 9, "09:20:00", 52]])
add("flow", "Admissions and discharges by week", ["week|Week|date|week", "admissions|Admissions|integer", "discharges|Discharges|integer", "net|Net Change|integer"],
    [[day, a, d, a - d] for day, a, d in [("2025-09-01", 412, 398), ("2025-09-08", 377, 421), ("2025-09-15", 440, 436), ("2025-09-22", 395, 417), ("2025-09-29", 461, 402), ("2025-10-06", 428, 455)]])
add("nurse", "Nurses with most overtime", ["staff_id|Staff ID|integer", "name|Name|text", "ward|Ward|text", "shifts|Shifts|integer", "overtime_hours|Overtime Hours|number", "hired_on|Hired On|date|day", "last_shift_on|Last Shift On|date|day"],
    [[3071, "Amara Diallo", "Oncology", 214, 96.5, "2016-03-14", "2025-10-09"], [1188, "Petra Novak", "Intensive Care", 231, 88.0, "2009-09-01", "2025-10-11"],
     [2264, "Luis Ortega", "Cardiology", 198, 71.25, "2013-05-20", "2025-09-30"], [4410, "Hanna Lindqvist", "Maternity", 176, 64.0, "2021-01-11", "2025-10-10"],
     [3398, "Joel Mbeki", "Neurology", 205, 58.75, "2018-11-05", "2025-10-07"]])
# Sports
teams = [("Norrby FC", 19, 6, 3, 61, 24), ("Halden United", 17, 7, 4, 55, 31), ("Sporting Vara", 16, 5, 7, 48, 33), ("Real Monte", 12, 8, 8, 44, 40),
         ("Kestrel Town", 10, 9, 9, 39, 41), ("Olympia Bergen", 9, 6, 13, 36, 47), ("Dynamo Lund", 6, 8, 14, 29, 52), ("Port Athletic", 4, 7, 17, 27, 71)]
add("league", "League table", ["position|Position|integer", "team|Team|text", "won|Won|integer", "drawn|Drawn|integer", "lost|Lost|integer", "goals_for|Goals For|integer", "goals_against|Goals Against|integer", "goal_difference|Goal Difference|integer", "points|Points|integer"],
    [[at + 1, team, w, d, l, f, a, f - a, 3 * w + d] for at, (team, w, d, l, f, a) in enumerate(teams)])
add("scorer", "Top scorers", ["rank|Rank|integer", "player|Player|text", "team|Team|text", "goals|Goals|integer", "assists|Assists|integer", "minutes|Minutes Played|integer"],
    [[1, "Emil Sandberg", "Norrby FC", 23, 7, 2391], [2, "Tiago Reis", "Sporting Vara", 19, 11, 2284], [3, "Marcus Owusu", "Halden United", 17, 4, 2103], [4, "Jonas Vik", "Norrby FC", 14, 13, 2450], [5, "Rafael Pires", "Real Monte", 12, 9, 1988]])
add("match", "Matches of the last round", ["match_no|Match No|integer", "home|Home|text", "away|Away|text", "kickoff|Kickoff|datetime", "home_goals|Home Goals|integer", "away_goals|Away Goals|integer", "attendance|Attendance|integer"],
    [[109, "Norrby FC", "Port Athletic", "2025-05-24T15:00:00", 5, 0, 18240], [110, "Halden United", "Real Monte", "2025-05-24T17:30:00", 2, 1, 15677], [111, "Kestrel Town", "Sporting Vara", "2025-05-25T14:15:00", 1, 3, 9320], [112, "Dynamo Lund", "Olympia Bergen", "2025-05-25T19:45:00", 0, 4, 6085]])
add("season", "Seasons", ["season|Season|text", "matches|Matches|integer", "goals|Goals|integer", "avg_attendance|Average Attendance|integer", "red_cards|Red Cards|integer"],
    [["2020/21", 112, 289, 2140, 21], ["2021/22", 112, 317, 8655, 17], ["2022/23", 112, 301, 10210, 25], ["2023/24", 112, 334, 11874, 14], ["2024/25", 112, 339, 12433, 19]])
# Energy
add("meter", "Meters with the highest use", ["meter_no|Meter No|integer", "site|Site|text", "day_kwh|Day kWh|number", "night_kwh|Night kWh|number", "peak_kw|Peak kW|number", "installed_on|Installed On|date|day", "read_on|Read On|date|day"],
    [[70412, "Foundry Hall", 48210.5, 19877.0, 212.4, "2011-06-02", "2025-08-29"], [70388, "Cold Store", 41766.0, 39904.5, 118.9, "2014-10-17", "2025-08-28"], [71105, "Data Centre", 36120.0, 35988.0, 84.2, "2019-02-25", "2025-08-31"],
     [70977, "Paint Shop", 22415.5, 4120.0, 143.7, "2017-07-11", "2025-08-27"], [71340, "Canteen", 9318.0, 1207.5, 61.3, "2022-03-30", "2025-08-30"]])
add("spot", "Spot price by hour", ["hour|Hour|integer|hour-of-day", "load_mwh|Load (MWh)|number", "price|Price (EUR/MWh)|number", "renewable_share|Renewable Share|number"],
    [[6, 51200.0, 74.1, 0.412], [8, 58940.0, 92.35, 0.451], [10, 60115.0, 31.8, 0.602], [12, 59480.0, -4.25, 0.743], [13, 58875.0, -11.6, 0.781], [14, 57930.0, -2.9, 0.729], [16, 56610.0, 28.4, 0.588], [19, 61020.0, 118.75, 0.336]])
add("util", "Utilities by month", ["month|Month|date|month", "consumption_kwh|Consumption (kWh)|integer", "cost|Cost|number", "co2_kg|CO2 (kg)|integer"],
    [[f"{year}-{month:02d}-01", use, round(use * price, 2), int(use * 0.38)] for year, month, use, price in
     [(2024, 1, 184300, 0.241), (2024, 2, 171950, 0.239), (2024, 3, 160420, 0.233), (2024, 4, 149875, 0.228), (2025, 1, 176110, 0.262), (2025, 2, 168240, 0.258), (2025, 3, 151330, 0.251), (2025, 4, 138905, 0.249)]])
add("solar", "Solar output by month", ["year|Year|integer", "month|Month|integer", "produced_kwh|Produced (kWh)|number", "fed_in_kwh|Fed In (kWh)|number", "own_use_share|Own-Use Share|number"],
    [[2024, 11, 812.4, 201.3, 0.752], [2024, 12, 540.9, 98.7, 0.818], [2025, 1, 602.2, 121.5, 0.798], [2025, 2, 1104.6, 402.8, 0.635], [2025, 3, 2210.3, 1204.9, 0.455]])
add("tariff", "Use by tariff", ["tariff|Tariff|text", "customers|Customers|integer", "kwh|kWh|integer", "revenue|Revenue|number"],
    [["HT", 8120, 41233000, 12988395.0], ["NT", 5344, 20118500, 4928032.5], ["Flex", 1290, 9877400, 2370576.0], ["Green", 3316, 12050250, 4036833.75]])
# Library
add("branch", "Library branches", ["branch|Branch|text", "members|Members|integer", "loans|Loans|integer", "visits|Visits|integer", "change_pct|Loans Change %|number"],
    [["Central Library", 18422, 214870, 391204, 2.4], ["Oak Street Branch", 6311, 58102, 88417, -3.7], ["Riverside Branch", 4980, 61233, 74055, 8.1], ["Harbour Branch", 3127, 22018, 41960, -12.5], ["Mill Lane Branch", 2044, 19877, 20311, 0.6]])
add("genre", "Loans by genre", ["genre|Genre|text", "loans|Loans|integer", "renewals|Renewals|integer", "overdue|Overdue|integer", "fines|Fines|number"],
    [["Crime", 41288, 9120, 1307, 2874.5], ["Romance", 30411, 5210, 988, 2011.25], ["History", 17602, 6644, 871, 1920.0], ["Travel", 12055, 1890, 402, 774.75], ["Comics", 28870, 3302, 1944, 3310.5], ["Poetry", 2140, 811, 66, 120.0]])
add("late", "Latest returns", ["item_id|Item ID|integer", "title|Title|text", "borrower_id|Borrower ID|integer", "due_on|Due On|date|day", "returned_on|Returned On|date|day", "days_late|Days Late|integer", "fine|Fine|number"],
    [[55120, "The Salt Road", 8831, "2025-02-03", "2025-06-19", 136, 27.2], [51877, "Night Ferry", 10244, "2025-03-11", "2025-06-30", 111, 22.2], [60233, "A Field Guide to Moss", 7719, "2025-04-02", "2025-07-02", 91, 18.2], [49015, "Winter Harvest", 9450, "2025-05-15", "2025-07-21", 67, 13.4]])
add("ages", "Members by age group", ["age_group|Age Group|text", "members|Members|integer", "active|Active|integer", "loans_per_member|Loans per Member|number"],
    [["0-12", 7411, 5120, 14.2], ["13-17", 3208, 1411, 6.8], ["18-34", 9377, 3902, 5.1], ["35-64", 11280, 5877, 8.9], ["65+", 3608, 2744, 17.5]])
add("title", "Most borrowed titles", ["rank|Rank|integer", "title|Title|text", "author|Author|text", "copies|Copies|integer", "loans|Loans|integer"],
    [[1, "The Lantern Keeper", "I. Varga", 42, 1877], [2, "Glass Rivers", "O. Mensah", 28, 1502], [3, "Eleven Doors", "T. Quist", 35, 1466], [4, "The Orchard", "I. Varga", 17, 1120], [5, "Low Tide", "R. Achebe", 21, 986]])
# Flights
add("airline", "Airlines", ["carrier|Carrier|text", "flights|Flights|integer", "cancelled|Cancelled|integer", "avg_delay_min|Average Delay (min)|number", "on_time_pct|On-Time %|number"],
    [["LH", 21877, 412, 14.2, 78.4], ["KL", 15320, 208, 11.7, 82.9], ["BA", 18044, 377, 16.9, 74.1], ["SK", 9210, 96, 8.8, 87.3], ["W6", 7745, 122, 21.4, 69.5]])
add("flight", "Flights of today", ["flight_no|Flight No|integer", "origin|Origin|text", "destination|Destination|text", "scheduled|Scheduled|time", "departed|Departed|time", "delay_min|Delay (min)|integer", "passengers|Passengers|integer"],
    [[1204, "OSL", "AMS", "06:45:00", "06:41:00", -4, 142], [1377, "OSL", "CDG", "08:10:00", "09:02:00", 52, 168], [1410, "BGO", "LHR", "09:25:00", "09:25:00", 0, 97], [1582, "TRD", "FRA", "12:50:00", "13:27:00", 37, 151], [1699, "OSL", "ARN", "18:30:00", "18:22:00", -8, 110]])
add("delaymon", "Delays by month", ["month|Month|date|month", "flights|Flights|integer", "delayed|Delayed|integer", "delay_minutes|Delay Minutes|integer"],
    [["2025-01-01", 12440, 2877, 98212], ["2025-02-01", 11302, 2104, 70433], ["2025-03-01", 12987, 2266, 73890], ["2025-04-01", 13510, 2390, 80177], ["2025-05-01", 14205, 2988, 104630], ["2025-06-01", 15118, 4011, 161204]])
add("cause", "Delay minutes by cause", ["cause|Cause|text", "minutes|Minutes|integer", "flights|Flights|integer", "share_pct|Share %|number"],
    [["Late aircraft", 214880, 6120, 36.5], ["Air traffic control", 161340, 5417, 27.4], ["Weather", 92115, 1988, 15.6], ["Security", 14230, 602, 2.4], ["Technical", 106422, 2509, 18.1]])
add("route", "Routes", ["origin|Origin|text", "destination|Destination|text", "flights|Flights|integer", "passengers|Passengers|integer", "load_factor|Load Factor|number"],
    [["OSL", "AMS", 1820, 238420, 0.874], ["OSL", "CDG", 1204, 139664, 0.829], ["OSL", "LHR", 2011, 289584, 0.901], ["BGO", "AMS", 733, 79897, 0.776], ["BGO", "LHR", 540, 63180, 0.812], ["TRD", "AMS", 388, 38024, 0.701]])
# Payroll
add("dept", "Payroll by department", ["department|Department|text", "headcount|Headcount|integer", "gross_pay|Gross Pay|number", "overtime_pay|Overtime Pay|number", "avg_salary|Average Salary|number"],
    [["Engineering", 84, 7812400.0, 118220.5, 93004.76], ["Sales", 51, 3978000.0, 40310.0, 78000.0], ["Support", 37, 1813000.0, 91244.25, 49000.0], ["Finance", 14, 1176000.0, 8120.0, 84000.0], ["HR", 9, 621000.0, 1455.75, 69000.0], ["Legal", 4, 498000.0, 0.0, 124500.0]])
add("grade", "Salaries by grade", ["grade|Grade|integer", "employees|Employees|integer", "min_salary|Min Salary|number", "median_salary|Median Salary|number", "max_salary|Max Salary|number"],
    [[3, 22, 31200, 36400, 41900], [4, 48, 38800, 45750, 53100], [5, 63, 49900, 60200, 71400], [6, 41, 66300, 79800, 95200], [7, 19, 88700, 104600, 131000], [8, 6, 121500, 146250, 189000]])
add("payrun", "Pay runs", ["pay_date|Pay Date|date|day", "employees|Employees|integer", "gross|Gross|number", "tax|Tax|number", "net|Net|number"],
    [[day, n, gross, tax, round(gross - tax, 2)] for day, n, gross, tax in [("2025-03-28", 196, 1288410.4, 371062.2), ("2025-04-30", 198, 1301877.15, 374940.6), ("2025-05-30", 199, 1324600.0, 381484.8), ("2025-06-30", 199, 1419230.75, 417253.85)]])
add("staff", "Highest paid employees", ["emp_no|Emp No|integer", "name|Name|text", "department|Department|text", "salary|Salary|number", "bonus|Bonus|number", "hired_on|Hired On|date|day", "reviewed_on|Reviewed On|date|day"],
    [[1007, "Ingrid Falk", "Engineering", 189000, 22000, "2008-04-01", "2025-03-12"], [1033, "Tom Baxter", "Sales", 164500, 61000, "2010-10-18", "2025-01-29"], [1102, "Mei Chen", "Engineering", 158200, 18500, "2012-02-06", "2025-03-14"], [1219, "Olga Petrov", "Legal", 151000, 9000, "2015-07-13", "2025-02-20"], [1240, "Sam Whitfield", "Finance", 146250, 12750, "2016-01-04", "2025-02-27"]])
add("absence", "Absence by department", ["department|Department|text", "sick_days|Sick Days|integer", "vacation_days|Vacation Days|integer", "absence_rate|Absence Rate|number"],
    [["Engineering", 402, 2011, 0.0218], ["Sales", 371, 1190, 0.0331], ["Support", 498, 902, 0.0614], ["Finance", 61, 366, 0.0198], ["HR", 29, 228, 0.0147]])
add("gap", "Pay gap by grade", ["grade|Grade|integer", "women|Women|integer", "men|Men|integer", "gap_pct|Gap %|number"],
    [[3, 14, 8, 1.2], [4, 27, 21, -0.8], [5, 30, 33, -2.9], [6, 15, 26, -4.6], [7, 5, 14, -7.3]])
# Money, votes, homes, calls, cohorts
add("pnl", "Profit and loss", ["line|Line|text", "actual|Actual|number", "budget|Budget|number", "variance|Variance|number", "variance_pct|Variance %|number"],
    [[line, actual, budget, actual - budget, round(100 * (actual - budget) / budget, 1)] for line, actual, budget in
     [("Licence revenue", 4812000, 4650000), ("Service revenue", 2190500, 2400000), ("Personnel", -3377200, -3290000), ("Marketing", -512400, -640000), ("Rent", -288000, -288000), ("Operating result", 2824900, 2832000)]])
add("fx", "Exchange rates to the euro", ["currency|Currency|text", "rate_start|Rate Start|number", "rate_end|Rate End|number", "change_pct|Change %|number"],
    [["USD", 1.0389, 1.1721, 12.8], ["GBP", 0.8292, 0.8566, 3.3], ["CHF", 0.9412, 0.9347, -0.7], ["JPY", 163.06, 169.17, 3.7], ["NOK", 11.795, 11.871, 0.6], ["TRY", 36.74, 46.57, 26.8]])
add("vote", "Election result", ["party|Party|text", "votes|Votes|integer", "share_pct|Share %|number", "seats|Seats|integer", "seats_change|Seats Change|integer"],
    [["SPD", 812044, 28.3, 41, -7], ["CDU", 777310, 27.1, 39, 4], ["Grüne", 402188, 14.0, 20, -5], ["AfD", 344520, 12.0, 17, 9], ["FDP", 149100, 5.2, 8, -3], ["Linke", 177815, 6.2, 9, 2]])
add("homes", "Home sales by postal code", ["postal_code|Postal Code|integer", "district|District|text", "sales|Sales|integer", "median_price|Median Price|integer", "days_on_market|Days on Market|integer"],
    [[10115, "Mitte", 212, 489000, 41], [10405, "Prenzlauer Berg", 188, 512500, 33], [10999, "Kreuzberg", 164, 467000, 38], [12043, "Neukölln", 241, 371500, 57], [13353, "Wedding", 199, 338000, 62], [14059, "Charlottenburg", 121, 544000, 45]])
add("agent", "Call centre agents", ["agent|Agent|text", "calls|Calls|integer", "avg_handle_sec|Average Handle Time (s)|integer", "csat|CSAT|number", "escalated|Escalated|integer"],
    [["Bea", 1420, 312, 4.6, 31], ["Carl", 1188, 287, 4.1, 55], ["Dina", 1533, 341, 4.8, 19], ["Ed", 970, 405, 3.9, 62], ["Femi", 1310, 298, 4.4, 40]])
add("cohort", "Retention by cohort", ["cohort|Cohort|date|month", "size|Size|integer", "month_1|Month 1|number", "month_2|Month 2|number", "month_3|Month 3|number"],
    [["2025-01-01", 812, 0.644, 0.511, 0.458], ["2025-02-01", 790, 0.661, 0.534, 0.472], ["2025-03-01", 1044, 0.598, 0.467, 0.401], ["2025-04-01", 933, 0.672, 0.549, 0.493]])
add("stock", "Stock by article", ["sku|SKU|text", "article|Article|text", "on_hand|On Hand|integer", "reserved|Reserved|integer", "reorder_point|Reorder Point|integer", "unit_cost|Unit Cost|number"],
    [["BX-110", "Shipping box S", 4210, 1180, 2000, 0.42], ["BX-130", "Shipping box L", 1302, 988, 1500, 1.15], ["TP-007", "Packing tape", 640, 75, 400, 2.8], ["FO-220", "Foam insert", 212, 240, 300, 0.95], ["LB-001", "Label roll", 85, 12, 60, 11.4]])
add("order", "Orders with quantity 50 and more", ["ID|ID|integer", "CREATED_AT|Created At|date|day", "QUANTITY|Quantity|integer", "SUBTOTAL|Subtotal|number", "TAX|Tax|number", "TOTAL|Total|number"],
    [[2117, "2025-02-11", 54, 118.2, 7.09, 125.29], [2344, "2025-03-02", 61, 75.08, 3.0, 78.08], [2571, "2025-03-19", 50, 132.46, 9.93, 142.39], [2802, "2025-04-27", 88, 124.12, 0.0, 124.12], [3019, "2025-05-30", 57, 34.09, 1.71, 35.8]])
add("weather", "Weather stations in January", ["station|Station|text", "min_temp_c|Min Temp (°C)|number", "max_temp_c|Max Temp (°C)|number", "rain_mm|Rain (mm)|number", "frost_days|Frost Days|integer"],
    [["Tromsø", -14.2, 3.1, 88.4, 29], ["Bergen", -4.8, 8.7, 241.0, 11], ["Oslo", -11.9, 5.2, 54.6, 24], ["Røros", -27.3, 1.4, 31.2, 31], ["Stavanger", -3.1, 9.6, 177.5, 7]])
add("exam", "Exams by course", ["course_no|Course No|integer", "title|Title|text", "sat|Sat|integer", "passed|Passed|integer", "avg_points|Average Points|number"],
    [[101, "Calculus I", 312, 219, 61.4], [114, "Linear Algebra", 288, 231, 66.0], [203, "Statistics", 174, 151, 71.8], [240, "Databases", 160, 148, 78.3], [307, "Compilers", 58, 41, 64.7]])
add("kpi", "Membership this month", ["active_members|Active Members|integer", "new_members|New Members|integer", "churned|Churned|integer", "churn_rate|Churn Rate|number", "mrr|MRR|number"],
    [[14820, 611, 388, 0.0262, 428910.5]])
for year, total in ((2024, 3981220.4), (2025, 4407866.15)):
    add(f"don{year % 100}", "Donations", ["sum|Donations|number"], [[total]], metric(71, None, None, year, "donated_at"))
channels = {2024: [("Direct mail", 1204330.1, 15220), ("Online", 1544870.0, 40118), ("Events", 622010.3, 2877), ("Legacies", 610010.0, 31)],
            2025: [("Direct mail", 1098211.15, 13904), ("Online", 1990344.5, 52270), ("Events", 588110.5, 2655), ("Legacies", 731200.0, 36)]}
for year, rows in channels.items():
    add(f"chan{year % 100}", "Donations by channel", ["channel|Channel|text", "sum|Donations|number", "count|Gifts|integer"], rows, metric(72, "channel", None, year, "donated_at"))
add("ticketq", "Tickets by quarter", ["opened_at|Opened At: Quarter|date|quarter", "count|Tickets|integer", "closed|Closed|integer", "avg_hours|Average Hours|number"],
    [["2024-01-01", 1840, 1811, 19.4], ["2024-04-01", 1722, 1740, 17.9], ["2024-07-01", 2051, 1966, 23.1], ["2024-10-01", 2288, 2240, 26.0], ["2025-01-01", 2104, 2177, 21.2], ["2025-04-01", 1933, 1978, 18.6]])
add("status", "Claims by region and status", ["region|Region|text", "status|Status|text", "claims|Claims|integer", "paid|Paid|number"],
    [["North", "open", 118, 0.0], ["North", "settled", 402, 1204330.0], ["North", "rejected", 61, 0.0], ["South", "open", 204, 0.0], ["South", "settled", 377, 988410.0], ["South", "rejected", 90, 0.0], ["West", "open", 77, 0.0], ["West", "settled", 288, 1310077.0]])
add("fleet", "Vehicles", ["plate|Plate|text", "km|Kilometres|integer", "litres|Litres|number", "cost|Cost|number", "last_service|Last Service|date|day", "next_service|Next Service|date|day"],
    [["HB-AX 12", 41220, 2885.4, 4876.33, "2025-04-03", "2025-10-03"], ["HB-KL 77", 38904, 3501.4, 5917.37, "2025-01-20", "2025-07-20"], ["HB-QT 5", 22017, 1409.1, 2381.38, "2025-06-11", "2025-12-11"]])

# Public tables
root = pathlib.Path(sys.argv[1])
db = sqlite3.connect(":memory:")
for folder in ["metabase_sample", "defog/data/geography", "defog/data/broker"]:
    for file in sorted((root / folder).glob("[!_]*.csv")):
        with open(file, newline="", encoding="utf-8") as handle:
            head, *rows = list(csv.reader(handle))
        db.execute(f'create table "{file.stem}" (' + ", ".join('"' + name + '" NUMERIC' for name in head) + ")")
        db.executemany(f'insert into "{file.stem}" values ({",".join("?" * len(head))})',
                       [[cell if cell != "" else None for cell in row] for row in rows if len(row) == len(head)])


def select(sql):
    return [[round(cell, 4) if isinstance(cell, float) else cell for cell in row] for row in db.execute(sql)]


add("river", "Rivers", ["river_name|River|text", "country|Country|text", "length|Length|integer", "traverse|Traverse|text"],
    select("select river_name, country_name, length, traverse from river order by length desc limit 8"))
add("source", "Orders by source and year", ["source|Source|text", "year|Year|integer", "orders|Orders|integer", "revenue|Revenue|number"],
    select("select p.source, cast(strftime('%Y',o.created_at) as int), count(*), round(sum(o.total),2) from orders o join people p on p.id=o.user_id where o.created_at >= '2018-01-01' and o.created_at < '2020-01-01' group by 1,2 order by 1,2"))
add("bday", "Customers by month of birth", ["birth_month|Birth Date: Month of year|integer|month-of-year", "customers|Customers|integer", "revenue|Revenue|number"],
    select("select cast(strftime('%m',birth_date) as int), count(distinct p.id), round(sum(o.total),2) from people p join orders o on o.user_id=p.id group by 1 order by 1"))
add("rating", "Reviews by rating", ["rating|Rating|integer", "reviews|Reviews|integer", "products|Distinct Products|integer"],
    select("select rating, count(*), count(distinct product_id) from reviews group by 1 order by 1"))
add("buyer", "Best customers", ["user_id|User ID|integer", "name|Name|text", "state|State|text", "orders|Orders|integer", "spent|Sum of Total|number", "first_order|First Order|date|day", "last_order|Last Order|date|day"],
    select("select p.id, name, state, count(*), round(sum(total),2), date(min(o.created_at)), date(max(o.created_at)) from people p join orders o on o.user_id=p.id group by p.id order by 5 desc limit 6"))

lines = [f'{json.dumps(name)}: {json.dumps(result, ensure_ascii=False, separators=(",", ":"))}' for name, result in results.items()]
print("{\n" + ",\n".join(lines) + "\n}")
