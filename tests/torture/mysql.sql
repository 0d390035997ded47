-- What MySQL alone has: JSON as a type of its own with values of other types inside, texts of a character set of its own.

create table t_json (id int not null primary key, j json);
insert into t_json values
  (1, '{"a":1,"b":[1,2,{"c":null}],"emoji":"😀","名":"前","q":"\\"\\\\\\n\\u0001"}'), (2, '[]'), (3, null), (4, 'null'), (5, '"str"'),
  (6, '{"max":18446744073709551615,"min":-9223372036854775808,"d":1.0,"e":1e100,"n":-0.0,"f":0.1,"big":123456789012345678901234567890,"i16":32768,"i32":2147483648,"n16":-32769,"n32":-2147483649}'),
  (7, 'true'), (8, '{}'), (9, '{"zz":1,"a":2,"bb":{"":"empty key"},"a b":[[],{},[[]]]}'),
  (10, json_object('dec', cast('1.10' as decimal(5,2)), 'dec65', cast('-12345678901234567890.123456789' as decimal(40,9)),
    'dt', cast('2024-01-02 03:04:05.678901' as datetime(6)), 'da', cast('2024-01-02' as date), 't', cast('-12:34:56.789' as time(3)),
    'dt0', cast('2024-01-02 03:04:05' as datetime), 't0', cast('838:59:59' as time), 'zero', cast(0 as decimal(5,2)))),
  (11, json_array(1.5, '1.5', 1e-7, 123456789.123456789, 100000000000000000000, 12345678.0, 1e15, 1e16, 1e17, 1e21, 4.9e-324, 1.7976931348623157e308)),
  (12, concat('"', repeat('k', 70000), '"')), (13, '3.14'), (14, '-5'), (15, json_object('s', '</script>\\u2028', 'k\nl', 'v')),
  (16, json_object('bin', cast(0x00ff as binary), 'bit', b'101', 'pt', st_asgeojson(point(1, 2)))),
  (17, json_array(true, false, null, 0, -1, 32767, -32768, 65535, 2147483647, -2147483648, 4294967295)),
  (18, json_array(json_array(), json_object(), json_array(json_array(json_array(1))))),
  (19, json_object('long', repeat('x', 70000), 'bb', null, 'a', json_array(), 'd', 2.5)),
  (20, json_array('\t\r\n\b\f', '/', '', ' ', 'é', char(1 using utf8mb4), char(127 using utf8mb4))),
  (21, cast(cast('2024-02-29' as date) as json)), (22, cast(cast('12:34:56.7' as time(1)) as json)), (23, cast(1.50 as json)),
  (24, cast(18446744073709551615 as json)), (25, cast(cast(x'00ff20' as binary) as json)), (26, cast(point(1, 2) as json)),
  (27, json_object('year', cast(cast(2024 as unsigned) as json), 'blob', cast(repeat('b', 100) as binary))),
  (28, json_array(repeat('a', 127), repeat('b', 128), repeat('c', 16383), repeat('d', 16384)));
create table t_json_years (id int not null primary key, y year, t timestamp null, b bit(9), e enum('x', 'y'), s set('x', 'y'), j json);
insert into t_json_years (id, y, t, b, e, s) values (1, 2024, '2024-01-02 03:04:05', b'100000001', 'y', 'x,y');
update t_json_years set j = json_array(y, t, b, e, s);
create table t_gb18030 (id int not null primary key, v varchar(20) character set gb18030, c char(5) character set gb18030);
insert into t_gb18030 values (1, '中文😀é', '😀'), (2, null, null), (3, '', 'a');
