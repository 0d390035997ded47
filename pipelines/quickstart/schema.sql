-- The tables of the shop. Runs on MySQL 8.0 and newer and on MariaDB 10.11 and newer.
create table customers (
  id            int unsigned not null auto_increment primary key,
  email         varchar(120) not null unique,
  name          varchar(80)  not null,
  city          varchar(60)  null,
  preferences   json         null,
  password_hash binary(20)   not null,
  created_at    timestamp(3) not null default current_timestamp(3)
) default charset = utf8mb4;

create table orders (
  id          bigint unsigned not null auto_increment primary key,
  customer_id int unsigned    not null,
  status      enum('new', 'paid', 'shipped', 'cancelled') not null default 'new',
  total       decimal(12, 2)  not null default 0,
  note        text            null,
  ordered_at  datetime(6)     not null default current_timestamp(6),
  shipped_on  date            null,
  key (customer_id)
) default charset = utf8mb4;

create table order_lines (
  order_id bigint unsigned   not null,
  line     smallint unsigned not null,
  product  varchar(80)       not null,
  quantity smallint unsigned not null,
  price    decimal(10, 2)    not null,
  discount decimal(5, 4)     null,
  primary key (order_id, line)
) default charset = utf8mb4;

create table payments (
  id       bigint unsigned not null auto_increment primary key,
  order_id bigint unsigned not null,
  amount   decimal(12, 2)  not null,
  currency char(3)         not null,
  method   set('card', 'voucher', 'transfer') not null,
  details  json            null,
  paid_at  timestamp(6)    not null default current_timestamp(6),
  key (order_id)
) default charset = utf8mb4;
