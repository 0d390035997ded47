-- One step of the shop's day; the quickstart repeats it about twice a second.
begin;
insert into orders (customer_id, note)
  values (1 + floor(rand() * 2000), if(rand() < 0.3, 'Grüße vom Schnellstart 👋', null));
set @o = last_insert_id();
insert into order_lines (order_id, line, product, quantity, price, discount)
  values (@o, 1, 'Kaffee 500 g', 1 + floor(rand() * 3), 7.90, null), (@o, 2, '抹茶', 1, round(5 + rand() * 30, 2), 0.0500);
update orders set total = (select sum(round(quantity * price * (1 - coalesce(discount, 0)), 2)) from order_lines where order_id = @o)
  where id = @o;
commit;
begin;
update orders set status = 'paid' where id = @o - 2 and status = 'new';
insert into payments (order_id, amount, currency, method) select id, total, 'EUR', 'card' from orders where id = @o - 2 and status = 'paid';
commit;
update orders set status = 'shipped', shipped_on = current_date where id = @o - 8 and status = 'paid';
update customers set city = elt(1 + floor(rand() * 3), 'Lübeck', 'Besançon', null) where id = 1 + floor(rand() * 2000);
begin;
set @old = (select min(id) from orders where status = 'cancelled');
delete from order_lines where order_id = @old;
delete from orders where id = @old;
commit;
