create table customers (
  id varchar(10), full_name varchar(40), language varchar(5), points bigint, ltv decimal(10, 2), born date, vip boolean,
  note varchar(40)
);
insert into customers values
  ('c-1', 'Åsa Öberg', 'sv', 12, 1250.50, '1990-01-31', true, null),
  ('c-2', 'Bo', 'en', 3, 0.10, null, false, 'two "words"; one line'),
  ('c-3', 'Cecilia', null, 9007199254740993, 99999999.99, '2004-02-29', null, '007'),
  ('c-4', 'David', 'nb', 0, 1.00, '1980-12-24', true, 'left out by the condition');
