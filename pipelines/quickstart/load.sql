-- What the shop has sold before syncc comes: 2,000 customers, 5,000 orders with 12,500 lines, 3,500 payments.
create table numbers (n int not null primary key);
insert into numbers
  select a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 1
    from (select 0 d union select 1 union select 2 union select 3 union select 4 union select 5 union select 6
          union select 7 union select 8 union select 9) a
    join (select 0 d union select 1 union select 2 union select 3 union select 4 union select 5 union select 6
          union select 7 union select 8 union select 9) b
    join (select 0 d union select 1 union select 2 union select 3 union select 4 union select 5 union select 6
          union select 7 union select 8 union select 9) c
    join (select 0 d union select 1 union select 2 union select 3 union select 4) e;

insert into customers (id, email, name, city, preferences, password_hash, created_at)
  select n,
         concat('customer', n, '@example.com'),
         concat(elt(1 + n % 9, 'Zoë', 'Jürgen', 'Łucja', 'Ñusta', '小雨', 'Αθηνά', 'Олег', 'مريم', 'Ada'), ' ',
                elt(1 + n % 7, 'Müller', 'O''Brien', 'García', '王', 'Ångström', 'Šimek', 'Lovelace 🦊')),
         elt(1 + n % 6, 'Köln', 'São Paulo', '東京', 'Kraków', null, 'Reykjavík'),
         case when n % 4 = 0 then null
              else concat('{"newsletter": ', if(n % 3 = 0, 'true', 'false'), ', "language": "',
                          elt(1 + n % 5, 'de', 'pt', 'ja', 'pl', 'is'), '", "tags": ["since-', 2015 + n % 10, '", "☕"]}')
         end,
         unhex(left(sha2(n, 256), 40)),
         timestamp('2024-01-01 08:00:00') + interval n * 61 minute
    from numbers where n <= 2000;

insert into orders (id, customer_id, status, total, note, ordered_at, shipped_on)
  select n, 1 + n * 7 % 2000,
         elt(1 + n % 10, 'new', 'new', 'paid', 'paid', 'paid', 'shipped', 'shipped', 'shipped', 'shipped', 'cancelled'),
         0,
         case when n % 5 = 0 then concat('Bitte klingeln – façade n° ', n, ' 🚲') end,
         timestamp('2025-01-01 00:00:00.123456') + interval n * 97 minute,
         case when n % 10 between 5 and 8 then date('2025-01-03') + interval n * 97 div 1440 day end
    from numbers;

insert into order_lines (order_id, line, product, quantity, price, discount)
  select o.id, l.n,
         elt(1 + (o.id + l.n) % 6, 'Kaffee 500 g', 'Crème brûlée', '抹茶', 'Pączki ×6', 'Smørrebrød', 'Tea "Earl Grey"'),
         1 + o.id % 3, 2.50 + (o.id * l.n) % 4000 / 100,
         case when o.id % 4 = 0 then 0.0500 when o.id % 9 = 0 then 0.1250 end
    from orders o join numbers l on l.n <= 1 + o.id % 4;

update orders o
   set total = (select sum(round(quantity * price * (1 - coalesce(discount, 0)), 2)) from order_lines l where l.order_id = o.id);

insert into payments (order_id, amount, currency, method, details, paid_at)
  select id, total, elt(1 + id % 3, 'EUR', 'PLN', 'JPY'), elt(1 + id % 4, 'card', 'transfer', 'voucher,card', 'card'),
         case when id % 4 <> 1 then concat('{"card": {"last4": "', lpad(id % 10000, 4, '0'), '"}, "risk": ', id % 100 / 100, '}') end,
         ordered_at + interval 5 minute
    from orders where status in ('paid', 'shipped');

drop table numbers;
