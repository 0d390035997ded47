-- What came to MySQL after 8.0.15.

create table t_vector (id int not null primary key, v vector(3), w vector);
insert into t_vector values (1, string_to_vector('[1,2.5,-3]'), string_to_vector('[0]')), (2, null, null),
  (3, x'ffff7f7f01000000cdccccbd', string_to_vector('[0.1,16777216,1e7,0.001,0.0001,-0,1e-10]'));
create table t_invisible (id int not null primary key, inv int invisible default 7, z int);
insert into t_invisible (id, inv, z) values (1, 1, 100), (2, null, null), (3, 7, 0);
create table t_invisible_key (a int, b varchar(5), my_row_id bigint unsigned not null auto_increment invisible primary key);
insert into t_invisible_key (a, b) values (1, 'x'), (1, 'x'), (null, null);
create table t_functional (id int not null primary key, a varchar(20), n int, key ((lower(a))), unique key ((n + 1)));
insert into t_functional values (1, 'A', 1), (2, null, null);
create table t_expression_default (id int not null primary key, j json default (json_array(1)), u varchar(20) default (concat('a', 'b')));
insert into t_expression_default (id) values (1);
