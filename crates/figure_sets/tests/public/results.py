"""Writes results.json of this folder: results as a Metabase would give them, over the public tables of the shared
benchmark folder (argument 1). `python3 results.py FOLDER > results.json`."""

import csv
import json
import pathlib
import sqlite3
import sys

root = pathlib.Path(sys.argv[1])
db = sqlite3.connect(":memory:")
for folder in ["metabase_sample", "defog/data/academic", "defog/data/advising", "defog/data/broker",
               "defog/data/car_dealership", "defog/data/geography", "defog/data/restaurants"]:
    for file in sorted((root / folder).glob("[!_]*.csv")):
        with open(file, newline="", encoding="utf-8") as handle:
            head, *rows = list(csv.reader(handle))
        columns = ", ".join('"' + name + '" NUMERIC' for name in head)
        db.execute(f'create table "{file.stem}" ({columns})')
        marks = ",".join("?" * len(head))
        db.executemany(f'insert into "{file.stem}" values ({marks})',
                       [[cell if cell != "" else None for cell in row] for row in rows if len(row) == len(head)])

results = {}


def add(name, title, columns, sql, arguments=None):
    rows = [[round(cell, 6) if isinstance(cell, float) else cell for cell in row] for row in db.execute(sql)]
    columns = [column.split("|") for column in columns]
    assert rows and len(rows[0]) == len(columns), (name, rows[:1])
    results[name] = {"title": title, "arguments": arguments or {"card_id": 500 + len(results)},
                     "columns": columns, "rows": rows}


def by(metric, group=None, unit=None, year=None):
    arguments = {"metric_id": metric}
    if group:
        arguments["group_by"] = [{"dimension": group, **({"granularity": unit} if unit else {})}]
    if year:
        arguments["filters"] = [{"dimension": "created_at", "operation": "year-equals", "values": [year]}]
    return arguments


add("country", "Accounts by country", ["country|Country|text", "accounts|Accounts|integer", "seats|Seats|integer", "avg_seats|Average of Seats|number"],
    "select country, count(*), sum(seats), avg(seats) from accounts group by 1 order by 2 desc limit 9")
add("trial", "Trials by source", ["source|Source|text", "trials|Trials|integer", "converted|Converted|integer", "conversion_rate|Conversion Rate|number"],
    "select source, count(*), sum(trial_converted='true'), round(1.0*sum(trial_converted='true')/count(*),4) from accounts group by 1 order by 2 desc")
add("acct", "Largest accounts", ["id|ID|integer", "last_name|Last Name|text", "plan|Plan|text", "seats|Seats|integer", "created_at|Created At|date|day", "trial_ends_at|Trial Ends At|date|day", "canceled_at|Canceled At|date|day"],
    "select id, last_name, plan, seats, date(created_at), date(trial_ends_at), date(canceled_at) from accounts where canceled_at is not null and plan<>'Basic' order by seats desc, id limit 8")
add("cancel", "Cancellations by quarter", ["canceled_at|Canceled At: Quarter|date|quarter", "count|Cancellations|integer", "seats|Sum of Seats|integer"],
    "select strftime('%Y',canceled_at)||'-'||printf('%02d',(cast(strftime('%m',canceled_at) as int)-1)/3*3+1)||'-01', count(*), sum(seats) from accounts where canceled_at like '2022%' or canceled_at like '2023%' group by 1 order by 1")
add("pages", "Page views by page", ["page_url|Page URL|text", "views|Views|integer", "accounts|Distinct Accounts|integer", "share_pct|Share %|number"],
    "select page_url, count(*), count(distinct account_id), round(100.0*count(*)/(select count(*) from analytic_events where event='Page Viewed'),2) from analytic_events where event='Page Viewed' group by 1 order by 2 desc")
add("wday", "Events by day of week", ["timestamp|Timestamp: Day of week|text", "page_views|Page Views|integer", "clicks|Button Clicks|integer"],
    "select case strftime('%w',timestamp) when '0' then 'Sunday' when '1' then 'Monday' when '2' then 'Tuesday' when '3' then 'Wednesday' when '4' then 'Thursday' when '5' then 'Friday' else 'Saturday' end, sum(event='Page Viewed'), sum(event<>'Page Viewed') from analytic_events group by strftime('%w',timestamp) order by strftime('%w',timestamp)")
add("evday", "Events by day", ["timestamp|Timestamp: Day|date|day", "count|Events|integer", "accounts|Accounts|integer"],
    "select date(timestamp), count(*), count(distinct account_id) from analytic_events where timestamp >= '2022-05-02' and timestamp < '2022-05-12' group by 1 order by 1")
add("evmon", "Events", ["timestamp|Timestamp: Month|date|month", "count|Events|integer"],
    "select strftime('%Y-%m-01',timestamp), count(*) from analytic_events group by 1 order by 1", {"metric_id": 61, "group_by": [{"dimension": "timestamp", "granularity": "month"}]})
add("fbmap", "Feedback by rating name", ["rating_mapped|Rating Mapped|text", "count|Count|integer", "plans|Distinct Plans|integer"],
    "select rating_mapped, count(*), count(distinct plan) from feedback f left join accounts a on a.id=f.account_id group by 1 order by 2 desc")
add("fbmon", "Feedback by year and month", ["year|Year|integer", "month|Month|integer", "answers|Answers|integer", "avg_rating|Average Rating|number"],
    "select cast(strftime('%Y',date_received) as int), cast(strftime('%m',date_received) as int), count(*), round(avg(rating),2) from feedback where date_received>='2021-10-01' and date_received<'2022-04-01' group by 1,2 order by 1,2")
add("invweek", "Invoices of 2022 by week", ["week|Week|integer", "invoices|Invoices|integer", "payments|Sum of Payment|number", "unexpected|Unexpected|integer"],
    "select cast(strftime('%W',date_received) as int), count(*), sum(payment), sum(expected_invoice='false') from invoices where date_received like '2022%' and cast(strftime('%W',date_received) as int) between 20 and 27 group by 1 order by 1")
add("invtop", "Largest invoices", ["id|ID|integer", "account_id|Account ID|integer", "plan|Plan|text", "payment|Payment|number", "date_received|Date Received|date|day"],
    "select id, account_id, plan, payment, date(date_received) from invoices order by payment desc, id limit 7")
add("invexp", "Invoices by plan", ["plan|Plan|text", "invoices|Invoices|integer", "unexpected|Unexpected Invoices|integer", "mean_payment|Mean Payment|number", "max_payment|Max Payment|number"],
    "select plan, count(*), sum(expected_invoice='false'), round(avg(payment),2), max(payment) from invoices group by 1 order by 2 desc")
add("prod", "Products by category", ["category|Category|text", "products|Products|integer", "avg_price|Average Price|number", "min_price|Min Price|number", "max_price|Max Price|number", "avg_rating|Average Rating|number"],
    "select category, count(*), round(avg(price),2), round(min(price),2), round(max(price),2), round(avg(rating),2) from products group by 1 order by 2 desc")
add("ean", "Dearest products", ["ean|EAN|text", "title|Title|text", "vendor|Vendor|text", "price|Price|number", "rating|Rating|number"],
    "select cast(ean as text), title, vendor, round(price,2), rating from products order by price desc limit 6")
add("qty", "Orders by quantity", ["quantity|Quantity|integer", "orders|Orders|integer", "avg_total|Average of Total|number", "discounted|Discounted Orders|integer"],
    "select quantity, count(*), round(avg(total),2), sum(discount is not null) from orders where quantity between 1 and 8 group by 1 order by 1")
add("two", "Orders by month, 2018 and 2019", ["month|Month|text", "orders_2018|Orders 2018|integer", "orders_2019|Orders 2019|integer", "revenue_2018|Revenue 2018|number", "revenue_2019|Revenue 2019|number"],
    "select case m when '01' then 'January' when '02' then 'February' when '03' then 'March' when '04' then 'April' when '05' then 'May' when '06' then 'June' else m end, sum(y='2018'), sum(y='2019'), round(sum(total*(y='2018')),2), round(sum(total*(y='2019')),2) from (select strftime('%m',created_at) m, strftime('%Y',created_at) y, total from orders) where m<='06' group by m order by m")
for year in (2018, 2019):
    add(f"cat{year % 100}", "Revenue by category", ["category|Category|text", "sum|Revenue|number", "count|Orders|integer"],
        f"select category, round(sum(total),2), count(*) from orders o join products p on p.id=o.product_id where o.created_at like '{year}%' group by 1 order by 1", by(62, "category", None, year))
    add(f"rev{year % 100}", "Revenue", ["sum|Revenue|number"], f"select round(sum(total),2) from orders where created_at like '{year}%'", by(63, None, None, year))
add("qtr", "Revenue by quarter", ["created_at|Created At: Quarter|date|quarter", "sum|Revenue|number", "count|Orders|integer", "avg|Average of Total|number"],
    "select strftime('%Y',created_at)||'-'||printf('%02d',(cast(strftime('%m',created_at) as int)-1)/3*3+1)||'-01', round(sum(total),2), count(*), round(avg(total),2) from orders where created_at like '2017%' group by 1 order by 1", by(64, "created_at", "quarter", 2017))
add("week", "Orders by week", ["created_at|Created At: Week|date|week", "quantity|Sum of Quantity|integer", "subtotal|Sum of Subtotal|number", "count|Orders|integer"],
    "select date(created_at,'weekday 0','-7 days'), sum(quantity), round(sum(subtotal),2), count(*) from orders where created_at>='2019-09-01' and created_at<'2019-10-20' group by 1 order by 1")
add("disc", "Largest discounts", ["id|ID|integer", "user_id|User ID|integer", "product_id|Product ID|integer", "created_at|Created At|date|day", "quantity|Quantity|integer", "total|Total|number", "discount|Discount|number"],
    "select id, user_id, product_id, date(created_at), quantity, round(total,2), round(discount,2) from orders where discount is not null order by discount desc limit 7")
add("hour", "Orders by hour", ["created_at|Created At: Hour of day|integer|hour-of-day", "count|Orders|integer", "sum|Sum of Total|number"],
    "select cast(strftime('%H',created_at) as int), count(*), round(sum(total),2) from orders where cast(strftime('%H',created_at) as int) between 6 and 17 group by 1 order by 1")
add("decade", "Customers by decade of birth", ["birth_decade|Birth Decade|integer", "customers|Customers|integer", "orders|Orders|integer", "revenue|Revenue|number"],
    "select cast(strftime('%Y',birth_date) as int)/10*10, count(distinct p.id), count(o.id), round(sum(o.total),2) from people p left join orders o on o.user_id=p.id group by 1 order by 1")
add("state", "Customers by state and source", ["state|State|text", "organic|Organic|integer", "google|Google|integer", "facebook|Facebook|integer", "twitter|Twitter|integer", "total|Total|integer"],
    "select state, sum(source='Organic'), sum(source='Google'), sum(source='Facebook'), sum(source='Twitter'), count(*) from people group by 1 order by 6 desc limit 7")
add("zip", "Customers by ZIP code", ["zip|ZIP|integer", "city|City|text", "customers|Customers|integer", "revenue|Revenue|number"],
    "select zip, min(city), count(distinct p.id), round(sum(o.total),2) from people p left join orders o on o.user_id=p.id group by 1 having count(distinct p.id)>1 order by 4 desc limit 7")
add("signup", "Customers and first orders", ["name|Name|text", "birth_date|Birth Date|date|day", "joined_on|Joined On|date|day", "first_order_on|First Order On|date|day", "orders|Orders|integer", "spent|Spent|number"],
    "select name, birth_date, date(p.created_at), date(min(o.created_at)), count(*), round(sum(o.total),2) from people p join orders o on o.user_id=p.id where p.id in (7,19,23,61,88,104) group by p.id order by 6 desc")
add("rev", "Reviews by category", ["category|Category|text", "reviews|Reviews|integer", "avg_rating|Average Rating|number", "five_star|Five Star|integer", "one_star|One Star|integer"],
    "select category, count(*), round(avg(r.rating),2), sum(r.rating=5), sum(r.rating=1) from reviews r join products p on p.id=r.product_id group by 1 order by 2 desc")
add("grow", "Orders by year", ["year|Year|integer", "orders|Orders|integer", "revenue|Revenue|number", "change_pct|Change %|number"],
    "select y, n, t, round(100.0*(t-lag(t) over (order by y))/lag(t) over (order by y),1) from (select cast(strftime('%Y',created_at) as int) y, count(*) n, round(sum(total),2) t from orders group by 1)")
add("kpi", "Shop in a nutshell", ["orders|Orders|integer", "revenue|Revenue|number", "tax|Tax|number", "customers|Customers|integer", "avg_total|Average of Total|number", "discount_share|Discounted Share|number"],
    "select count(*), round(sum(total),2), round(sum(tax),2), count(distinct user_id), round(avg(total),2), round(1.0*sum(discount is not null)/count(*),4) from orders")
add("vendor", "Vendors with several products", ["vendor|Vendor|text", "products|Products|integer", "units|Units|integer", "revenue|Revenue|number"],
    "select vendor, count(distinct p.id), sum(o.quantity), round(sum(o.total),2) from products p join orders o on o.product_id=p.id where vendor like '%, Inc%' or vendor like '% LLC' or vendor like '%Group' or vendor like '%Inc' group by 1 order by 4 desc limit 7")
add("px", "Closing prices of 1 April 2023", ["symbol|Symbol|text", "open|Open|number", "close|Close|number", "volume|Volume|integer"],
    "select sbtickersymbol, sbdpopen, sbdpclose, sbdpvolume from sbdailyprice d join sbticker t on t.sbtickerid=d.sbdptickerid where sbdpdate='2023-04-01' and sbtickersymbol in ('MSFT','TSLA','GOOGL','JPM','V','PG','SPY') order by 4 desc")
add("msft", "Daily prices of MSFT", ["sbdpdate|Date|date|day", "sbdpopen|Open|number", "sbdphigh|High|number", "sbdplow|Low|number", "sbdpclose|Close|number"],
    "select sbdpdate, sbdpopen, sbdphigh, sbdplow, sbdpclose from sbdailyprice where sbdptickerid='T002' order by 1")
add("cust", "Trades by customer", ["sbcustid|Customer ID|text", "name|Name|text", "state|State|text", "joined|Joined|date|day", "trades|Trades|integer", "amount|Amount|number", "commission|Commission|number"],
    "select sbcustid, sbcustname, sbcuststate, sbcustjoindate, count(*), sum(sbtxamount), sum(sbtxcommission) from sbcustomer join sbtransaction on sbtxcustid=sbcustid group by 1 order by 6 desc limit 8")
add("tstat", "Transactions by status and type", ["status|Status|text", "type|Type|text", "count|Count|integer", "amount|Amount|number"],
    "select sbtxstatus, sbtxtype, count(*), sum(sbtxamount) from sbtransaction group by 1,2 order by 1,2")
add("method", "Payments received by method", ["payment_method|Payment Method|text", "payments|Payments|integer", "amount|Amount|number", "largest|Largest|number"],
    "select payment_method, count(*), sum(payment_amount), max(payment_amount) from payments_received group by 1 order by 3 desc")
add("staff", "Salespeople who left or stay", ["id|ID|integer", "first_name|First Name|text", "last_name|Last Name|text", "hire_date|Hire Date|date|day", "termination_date|Termination Date|date|day", "sales|Sales|integer", "sold|Sold|number"],
    "select p.id, first_name, last_name, hire_date, termination_date, count(s.id), coalesce(sum(sale_price),0) from salespersons p left join sales s on s.salesperson_id=p.id group by p.id order by p.id limit 8")
add("model", "Cars by model year", ["year|Model Year|integer", "cars|Cars|integer", "avg_cost|Average Cost|number", "highest|Highest Cost|number"],
    "select year, count(*), round(avg(cost),2), max(cost) from cars group by 1 order by 1")
add("peak", "Highest and lowest points", ["state_name|state_name|text", "highest_point|highest_point|text", "highest_elevation|highest_elevation|integer", "lowest_elevation|lowest_elevation|integer"],
    "select state_name, highest_point, highest_elevation, lowest_elevation from highlow where highest_elevation is not null order by 3 desc")
add("lake", "Lakes", ["lake_name|lake_name|text", "country_name|country_name|text", "area|area|number"],
    "select lake_name, country_name, area from lake order by area desc")
add("river", "Rivers", ["river_name|river_name|text", "country_name|country_name|text", "length|length|integer"],
    "select river_name, country_name, length from river order by length desc")
add("usst", "States of the United States", ["state_name|State|text", "capital|Capital|text", "population|Population|integer", "area|Area|number"],
    "select state_name, capital, population, area from state where country_name='United States' order by 3 desc")
add("stud", "Students", ["student_id|student_id|integer", "lastname|lastname|text", "program_id|program_id|integer", "total_credit|total_credit|integer", "total_gpa|total_gpa|number", "admit_term|admit_term|date|day", "predicted_graduation_semester|predicted_graduation_semester|date|day"],
    "select student_id, lastname, program_id, total_credit, total_gpa, admit_term, predicted_graduation_semester from student order by 1")
add("grade", "Records by grade", ["grade|Grade|text", "records|Records|integer", "students|Distinct Students|integer"],
    "select grade, count(*), count(distinct student_id) from student_record group by 1 order by 1")
add("slot", "Course offerings", ["offering_id|offering_id|integer", "textbook|textbook|text", "start_time|start_time|time", "end_time|end_time|time", "class_address|class_address|text"],
    "select offering_id, textbook, start_time, end_time, class_address from course_offering where offering_id in (1,2,4,7) order by 1")
add("paper", "Publications", ["pid|pid|integer", "title|title|text", "year|year|integer", "citation_num|citation_num|integer", "reference_num|reference_num|integer"],
    "select pid, title, year, citation_num, reference_num from publication order by 1")
add("food", "Restaurants by kitchen", ["food_type|Food Type|text", "count|Count|integer", "avg|Average of Rating|number", "min|Min of Rating|number"],
    "select food_type, count(*), round(avg(rating),3), min(rating) from restaurant group by 1 order by 2 desc, 1")
add("land", "Konten nach Land", ["land|Land|text", "konten|Konten|integer", "plaetze|Plätze|integer", "gekuendigt|Gekündigt|integer"],
    "select case country when 'US' then 'USA' when 'MX' then 'Mexiko' when 'IT' then 'Italien' when 'FR' then 'Frankreich' when 'DE' then 'Deutschland' else 'Spanien' end, count(*), sum(seats), sum(canceled_at is not null) from accounts where country in ('US','MX','IT','FR','DE','ES') group by 1 order by 2 desc")
add("monat", "Umsatz nach Monat", ["monat|Monat|date|month", "umsatz|Umsatz|number", "auftraege|Aufträge|integer"],
    "select strftime('%Y-%m-01',created_at), round(sum(total),2), count(*) from orders where created_at like '2019%' and strftime('%m',created_at)<'07' group by 1 order by 1")

print("{")
print(",\n".join(f"{json.dumps(name)}: {json.dumps(result, ensure_ascii=False, separators=(',', ':'))}" for name, result in results.items()))
print("}")
