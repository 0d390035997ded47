-- What MySQL has since 8.0.

create table t_srid (id int not null primary key, p point srid 4326, g geometry srid 0);
insert into t_srid values (1, st_geomfromtext('POINT(10 20)', 4326), point(1, 2)), (2, null, null);
create table t_moderncollation (id int not null primary key, v varchar(20) collate utf8mb4_0900_as_cs, j varchar(20) collate utf8mb4_ja_0900_as_cs);
insert into t_moderncollation values (1, 'é😀', '日本'), (2, null, null);
