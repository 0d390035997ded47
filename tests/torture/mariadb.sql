-- What MariaDB alone has.

create table t_mariadb (id int not null primary key, u uuid, i4 inet4, i6 inet6, c varchar(200) compressed, cl varchar(100) compressed character set latin1,
  vb varbinary(100) compressed, t text compressed, bc blob compressed, lt longtext compressed, lb longblob compressed);
insert into t_mariadb values
  (1, '123e4567-e89b-12d3-a456-426655440000', '10.0.0.1', '2001:db8::1', repeat('c', 100), repeat('é', 100), repeat(x'00', 100), repeat('é', 300),
   repeat('b', 100), repeat('x', 70000), repeat(x'ff00', 40000)),
  (2, null, null, null, null, null, null, null, null, null, null),
  (3, 'ffffffff-ffff-ffff-ffff-ffffffffff00', '0.0.0.0', '::', '', '', '', '', '', '', ''),
  (4, '00000000-0000-0000-0000-000000000000', '255.255.255.0', '::ffff:192.0.2.1', 'short', 'é', x'ff20', 'é😀', x'00', 'y', x'00'),
  (5, '00112233-4455-6677-8899-aabbccddeeff', '192.0.2.0', '1:0:0:2::', ' ', ' ', x'0000', ' ', ' ', ' ', ' ');
create table k_uuid (id uuid primary key, v int);
insert into k_uuid values ('123e4567-e89b-12d3-a456-426655440000', 1), ('ffffffff-ffff-ffff-ffff-ffffffffff00', 2),
  ('00000000-0000-0000-0000-000000000000', 3), ('00112233-4455-1677-8899-aabbccddeeff', 4), ('ff112233-4455-1677-0899-aabbccddee00', 5);
create table k_inet4 (id inet4 primary key, v int);
insert into k_inet4 values ('10.0.0.1', 1), ('0.0.0.0', 2), ('255.255.255.0', 3);
create table k_inet6 (id inet6 primary key, v int);
insert into k_inet6 values ('2001:db8::1', 1), ('::', 2), ('::ffff:192.0.2.1', 3), ('ff00::', 4);
create table t_year2 (id int not null primary key, y year(2), z year(2) not null);
insert into t_year2 values (1, 24, 99), (2, null, 70), (3, 2069, 0), (4, 1970, 2001);
create table k_year2 (id year(2) primary key, v int);
insert into k_year2 values (70, 1), (0, 2), (24, 3), (69, 4);
create table t_json (id int not null primary key, j json, jc json);
insert into t_json values (1, '{"a":1, "b" : [1,2,{"c":null}],"emoji":"😀"}', '[1e100, -0.0, 1.50]'), (2, '[]', 'null'), (3, null, null), (4, '"\\u00e9"', ' {} ');
create table t_invisible (id int not null primary key, inv int invisible default 7, z int);
insert into t_invisible (id, inv, z) values (1, 1, 100), (2, null, null), (3, 7, 0);
create table t_persistent (id int not null primary key, a int, p int as (a + 1) persistent, v varchar(10) as (concat(a, 'x')) virtual);
insert into t_persistent (id, a) values (1, 1), (2, null);
create table t_period (id int not null primary key, a date not null, b date not null, period for p (a, b));
insert into t_period values (1, '2024-01-01', '2024-12-31');
create table k_aria (id int primary key, v varchar(10)) engine = aria;
insert into k_aria values (1, 'a'), (2, null);
create table t_versioned (id int primary key, v varchar(10)) with system versioning;
insert into t_versioned values (1, 'a'), (2, null);
update t_versioned set v = 'b' where id = 1;
create table t_long_key (id int primary key, t text unique, v int);
insert into t_long_key values (1, 'a', 1), (2, null, null);
