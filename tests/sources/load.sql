-- The shop's tables, filled from the files that pipelines/data/generate.py wrote into the current folder.
-- customers.csv carries the sums of the orders; here they are left out, to be computed by the model.
create schema if not exists shop;
drop table if exists shop.customers, shop.orders cascade;

create temporary table exported (
  customer_id text primary key, email text, phone text, first_name text, last_name text, language text,
  country_code text, city text, zip text, birth_date date, accepts_email boolean, accepts_sms boolean, interests text,
  favourite_store text, churn_score numeric(4, 3), orders_count bigint, ltv_eur numeric(12, 2), last_order_at timestamp
);
\copy exported from customers.csv with (format csv, header)

create table shop.customers as
select
  customer_id, email, phone, first_name, last_name, language, country_code, city, zip, birth_date, accepts_email,
  accepts_sms, interests, favourite_store, churn_score
from exported;
alter table shop.customers add primary key (customer_id);

create table shop.orders (order_id text primary key, customer_id text, ordered_at timestamp, amount_eur numeric(12, 2));
\copy shop.orders from orders.csv with (format csv, header)

-- The same rows as the model's own query gives, for `table`.
create view shop.customer_totals as
select c.*, coalesce(o.orders_count, 0) as orders_count, coalesce(o.ltv_eur, 0)::numeric(12, 2) as ltv_eur, o.last_order_at
from shop.customers c
left join (
  select customer_id, count(*) as orders_count, sum(amount_eur) as ltv_eur, max(ordered_at) as last_order_at
  from shop.orders
  group by customer_id
) o using (customer_id);
