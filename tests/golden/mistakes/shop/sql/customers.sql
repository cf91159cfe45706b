-- The same rows as those of `customers`.
select customer_id, email, first_name, last_name, city, country_code,
  phone, lifetime_value, accepts_email, is_vip, born, updated_at
from marts.customers
where not is_deleted
