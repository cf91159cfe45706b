create schema marts;
create table marts.customers (
  customer_id integer, email varchar, first_name varchar, last_name varchar, city varchar, country_code varchar,
  phone varchar, lifetime_value decimal(12, 3), accepts_email boolean, is_vip boolean, born date, updated_at timestamp,
  is_deleted boolean
);
insert into marts.customers values
  (1, 'anna@example.com', 'Anna', 'Berg', 'Umeå', 'SE', '+46701234567', 1200.5, true, true, '1984-03-11', '2026-11-01', false);
