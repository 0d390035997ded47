-- Rows that every server must hold alike. Read with sql_mode '' and time_zone '+00:00'.

create table t_int (id int not null primary key, i1 tinyint, u1 tinyint unsigned, i2 smallint, u2 smallint unsigned,
  i3 mediumint, u3 mediumint unsigned, i4 int, u4 int unsigned, i8 bigint, u8 bigint unsigned, z1 tinyint zerofill,
  z4 int(8) unsigned zerofill, z8 bigint zerofill, b boolean, t1 tinyint(1), u11 tinyint(1) unsigned);
insert into t_int values
  (1, -128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, 0, 0, 0, false, -1, 0),
  (2, 127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807, 18446744073709551615,
   255, 4294967295, 18446744073709551615, true, 5, 255),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (4, -1, 128, -1, 32768, -1, 8388608, -1, 2147483648, -1, 9223372036854775808, 7, 42, 9, 2, 0, 1),
  (5, 0, 127, 0, 32767, 0, 8388607, 0, 2147483647, 9007199254740993, 9223372036854775807, 1, 1, 1, 0, 1, 128);

create table t_number (id int not null primary key, d65 decimal(65,30), d10 decimal(10,2), d5 decimal(5,0),
  d99 decimal(9,9), d19 decimal(19,10), du decimal(10,2) unsigned, dz decimal(8,3) zerofill, f float,
  fu float unsigned, f74 float(7,4), fz float(7,2) zerofill, f20 float(20), f40 float(40), d double,
  dd double(20,6), du2 double unsigned, r real, n numeric(4,1));
insert into t_number values
  (1, 99999999999999999999999999999999999.999999999999999999999999999999, 99999999.99, 99999, 0.999999999,
   999999999.9999999999, 99999999.99, 1234.567, 3.4028234e38, 3.4028234e38, 123.4567, 12.5, 3.5, 0.1,
   1.7976931348623157e308, 12345678901234.123456, 1e308, 0.1, 999.9),
  (2, -99999999999999999999999999999999999.999999999999999999999999999999, -99999999.99, -99999, -0.999999999,
   -999999999.9999999999, 0, 0.001, -3.4028234e38, 1.17549435e-38, -999.9999, 0, -1.1, -0.1,
   -1.7976931348623157e308, -0.000001, 0, -0.1, -999.9),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (4, 0, '-0.00', 0, 0, 0, 1.10, 0, 0.1, 0.3, 0, 1, 16777216, 1e16, '-0.0', 0, 4.9e-324, 1e-320, 0),
  (5, '0.000000000000000000000000000001', 1.10, 7, 0.000000001, 0.0000000001, '1e3', 1.5, 16777217, 1.5, 1.5, 99999.99,
   9999999, 1e7, 0.1, 100, 2.2250738585072014e-308, 1e16, 0.1),
  (6, 1, 100, -7, -0.000000001, -1, 0.5, 2, 1.1, 123456.789, 0.0001, 0.05, 1e-45, 0.001, 123456789.123456789, 1, 5e-5,
   1234567, -0.1),
  (7, 123456789.000000001, -0.01, 10, 0.5, 1.0000000005, 12.34, 99.9, 1e-45, 8388609, -0.0001, 3, 0.0009999, 9999999.5,
   9007199254740993, 0.1, 1e22, 2e23, 10);

create table t_bit (id int not null primary key, b1 bit(1), b8 bit(8), b9 bit(9), b17 bit(17), b33 bit(33), b64 bit(64));
insert into t_bit values
  (1, b'0', b'0', b'0', b'0', b'0', b'0'),
  (2, b'1', b'11111111', b'111111111', b'11111111111111111', 0x1ffffffff, 0xffffffffffffffff),
  (3, null, null, null, null, null, null),
  (4, b'1', b'101', b'100000001', b'10000000000000101', 0x100000001, 0x8000000000000001);

create table t_text (id int not null primary key, c char(10), v varchar(200), vb varchar(50) collate utf8mb4_bin,
  u3 varchar(50) character set utf8mb3, c255 char(255), v0 varchar(0), long_v varchar(400), tt tinytext, t text, mt mediumtext,
  lt longtext, tl text character set latin1, tg mediumtext character set gbk, tu longtext character set utf16,
  nc nchar(5), nv nvarchar(5));
insert into t_text values
  (1, 'abc', 'plain', 'plain', 'größe', 'x', '', repeat('v', 400), 'tiny', 'text 😀', 'medium', 'long', 'éè €', '中文', '日本😀', 'ü', 'é'),
  (2, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', ''),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (4, 'trail  ', 'emoji 😀👨‍👩‍👧 end  ', 'A\0B', '日本語', repeat('é', 255), '', repeat('😀', 400), repeat('t', 255), repeat('é', 300),
   repeat('m', 70000), repeat('l', 70000), repeat('ÿ', 300), repeat('你', 300), repeat('字', 300), '😀', ' x '),
  (5, '"q"', 'quote '' dq " bs \\ slash / nl \n tab \t cr \r nul \0 bell \b z \Z del \x7f <html>&amp; \u2028', '\\u0041', '{}',
   concat('ls', _utf8mb4 x'e280a8', char(1), char(31), char(127), _utf8mb4 x'c285'), '', ' lead', '[]', ' ', '\\', '"', '''', '{"a":1}',
   ' ', ' ', ' '),
  (6, _utf8mb4 x'61c2a062', _utf8mb4 x'efbbbf61', _utf8mb4 x'f48fbfbf', _utf8mb3 x'efbfbf', '\t', '', _utf8mb4 x'e280ae', _utf8mb4 x'65cc81',
   _utf8mb4 x'f09f87a9f09f87aa', '', '', '', '', '', '', '');

create table t_binary (id int not null primary key, b1 binary(1), b8 binary(8), b255 binary(255), vb varbinary(300), tb tinyblob,
  b blob, mb mediumblob, lb longblob, cb char(4) character set binary);
insert into t_binary values
  (1, x'00', x'6162630000000000', x'01', x'0001feff', x'00ff', x'00', x'0102', x'deadbeef', x'20'),
  (2, '', '', '', '', '', '', '', '', ''),
  (3, null, null, null, null, null, null, null, null, null),
  (4, x'ff', x'00', repeat(x'00', 255), repeat(x'00', 300), repeat(x'ff', 255), repeat(x'41', 300), repeat(x'80', 70000),
   x'7b7d', x'00000000'),
  (5, x'20', x'2720225c0a0d001a', repeat(x'ff', 255), x'200020', x'c3a9', x'e4b8ade4', x'00000000', x'22', x'ff000000'),
  (6, x'0a', x'2020202020202020', x'2020', x'0000', x'20', x'0a', x'5c', x'1f7f', 'ab');

create table t_time (id int not null primary key, d date, dt0 datetime, dt1 datetime(1), dt2 datetime(2), dt3 datetime(3),
  dt4 datetime(4), dt5 datetime(5), dt6 datetime(6), ts0 timestamp null, ts1 timestamp(1) null, ts2 timestamp(2) null,
  ts3 timestamp(3) null, ts4 timestamp(4) null, ts5 timestamp(5) null, ts6 timestamp(6) null, t0 time, t1 time(1), t2 time(2),
  t3 time(3), t4 time(4), t5 time(5), t6 time(6), y year);
insert into t_time values
  (1, '2024-02-29', '2024-02-29 12:34:56', '2024-02-29 12:34:56.7', '2024-02-29 12:34:56.78', '2024-02-29 12:34:56.789',
   '2024-02-29 12:34:56.7890', '2024-02-29 12:34:56.78901', '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56',
   '2024-02-29 12:34:56.7', '2024-02-29 12:34:56.78', '2024-02-29 12:34:56.789', '2024-02-29 12:34:56.7890',
   '2024-02-29 12:34:56.78901', '2024-02-29 12:34:56.789012', '12:34:56', '12:34:56.7', '12:34:56.78', '12:34:56.789',
   '12:34:56.7890', '12:34:56.78901', '12:34:56.789012', 2024),
  (2, '1000-01-01', '1000-01-01 00:00:00', '1000-01-01 00:00:00.1', '1000-01-01 00:00:00.01', '1000-01-01 00:00:00.001',
   '1000-01-01 00:00:00.0001', '1000-01-01 00:00:00.00001', '1000-01-01 00:00:00.000001', '1970-01-01 00:00:01',
   '1970-01-01 00:00:01.1', '1970-01-01 00:00:01.01', '1970-01-01 00:00:01.001', '1970-01-01 00:00:01.0001',
   '1970-01-01 00:00:01.00001', '1970-01-01 00:00:01.000001', '-838:59:59', '-838:59:58.9', '-838:59:58.99', '-838:59:58.999',
   '-838:59:58.9999', '-838:59:58.99999', '-838:59:58.999999', 1901),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
   null, null),
  (4, '9999-12-31', '9999-12-31 23:59:59', '9999-12-31 23:59:59.9', '9999-12-31 23:59:59.99', '9999-12-31 23:59:59.999',
   '9999-12-31 23:59:59.9999', '9999-12-31 23:59:59.99999', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07',
   '2038-01-19 03:14:07.9', '2038-01-19 03:14:07.99', '2038-01-19 03:14:07.999', '2038-01-19 03:14:07.9999',
   '2038-01-19 03:14:07.99999', '2038-01-19 03:14:07.999999', '838:59:59', '838:59:58.9', '838:59:58.99', '838:59:58.999',
   '838:59:58.9999', '838:59:58.99999', '838:59:58.999999', 2155),
  (5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (6, '2024-00-00', '2024-00-15 00:00:00', '2024-05-00 10:00:00', '0000-01-01 00:00:00', '2024-05-00 10:00:00', '2024-00-00 00:00:00.5',
   '2024-05-00 10:00:00.5', '2024-05-00 10:00:00.5', '2024-03-10 02:30:00', '2024-03-31 02:30:00', '2024-10-27 01:30:00',
   '2024-10-27 02:30:00', '2001-09-09 01:46:40', '2001-09-09 01:46:40', '2001-09-09 01:46:40.1', '-00:00:01', '-00:00:00.1',
   '-00:00:00.01', '-00:00:00.001', '-00:00:00.0001', '-00:00:00.00001', '-00:00:00.000001', 70),
  (7, '0001-01-01', '0001-01-01 00:00:00', '1900-01-01 00:00:00', '1582-10-10 00:00:00', '1582-10-10 00:00:00',
   '1969-12-31 23:59:59.9999', '1969-12-31 23:59:59.99999', '1969-12-31 23:59:59.999999', '1999-12-31 23:59:59',
   '1999-12-31 23:59:59', '2000-01-01', '2000-01-01', '2000-01-01', '2000-01-01', '2000-01-01', '25:00:00', '-24:00:00.1', '-25:30:00.01',
   '25:00:00.500', '-00:59:59.9999', '99:59:59.99999', '-100:00:00.000500', '99'),
  (8, '0000-01-00', '1970-01-01', '1970-01-01', '1970-01-01', '1970-01-01', '1970-01-01', '1970-01-01', '1970-01-01 00:00:00.5',
   '1971-01-01', '1971-01-01', '1971-01-01', '1971-01-01', '1971-01-01', '1971-01-01', '1971-01-01', '-00:01:00', '-00:01:00', '-01:00:00',
   '-01:00:00', '-256:00:00', '-256:00:00', '-01:00:00', 69);

create table t_label (id int not null primary key, e enum('a', 'b', 'c,d', 'e''f', 'g"h', 'größe', '名', '', 'i\\j', '(k)', '%s'),
  s set('x', 'y', 'z w', 'ü', 'q''r', '(', ')'), el enum('é', 'è', '€') character set latin1, eg enum('中', '文') character set gbk,
  ed enum('1', '0', '-1', 'NULL', 'nil'), sl set('é', 'ß') character set latin1,
  s64 set('s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 's12', 's13', 's14', 's15', 's16', 's17', 's18', 's19', 's20',
    's21', 's22', 's23', 's24', 's25', 's26', 's27', 's28', 's29', 's30', 's31', 's32', 's33', 's34', 's35', 's36', 's37', 's38', 's39',
    's40', 's41', 's42', 's43', 's44', 's45', 's46', 's47', 's48', 's49', 's50', 's51', 's52', 's53', 's54', 's55', 's56', 's57', 's58',
    's59', 's60', 's61', 's62', 's63', 's64'), eu enum('日', '本') character set utf16, eb enum('a', 'A') collate utf8mb4_bin);
insert into t_label values
  (1, 'a', 'x', 'é', '中', '1', 'é', 's1', '日', 'a'),
  (2, 'c,d', 'x,z w', 'è', '文', '0', 'é,ß', 's1,s9,s17,s64', '本', 'A'),
  (3, null, null, null, null, null, null, null, null, null),
  (4, 'bogus', 'bogus', 'bogus', '', 'none', '', '', '', ''),
  (5, 'e''f', 'x,y,z w,ü,q''r,(,)', '€', '中', 'NULL', 'ß', 18446744073709551615, '日', 'a'),
  (6, '名', 'ü', 'é', '中', 'nil', 'é', 9223372036854775808, '日', 'A'),
  (7, 8, '', 'é', '中', 2, 'é', 's33', '日', 'a'),
  (8, 'g"h', '(,)', 'é', '文', '-1', 0, 's32', '本', 'a'),
  (9, '(k)', 'q''r', 'é', '文', 5, 3, 's16', '本', 'a'),
  (10, 'i\\j', 4, 'é', '文', 1, 1, 's8', '本', 'a'),
  (11, '%s', 1, 'é', '文', 1, 1, 's24', '本', 'a'),
  (12, 'größe', 1, 'é', '文', 1, 1, 's25', '本', 'a');
-- more than 255 labels take two bytes
create table t_many_labels (id int not null primary key, e enum('e0','e1','e2','e3','e4','e5','e6','e7','e8','e9','e10','e11','e12','e13','e14','e15','e16','e17','e18','e19','e20','e21','e22','e23','e24','e25','e26','e27','e28','e29','e30','e31','e32','e33','e34','e35','e36','e37','e38','e39','e40','e41','e42','e43','e44','e45','e46','e47','e48','e49','e50','e51','e52','e53','e54','e55','e56','e57','e58','e59','e60','e61','e62','e63','e64','e65','e66','e67','e68','e69','e70','e71','e72','e73','e74','e75','e76','e77','e78','e79','e80','e81','e82','e83','e84','e85','e86','e87','e88','e89','e90','e91','e92','e93','e94','e95','e96','e97','e98','e99','e100','e101','e102','e103','e104','e105','e106','e107','e108','e109','e110','e111','e112','e113','e114','e115','e116','e117','e118','e119','e120','e121','e122','e123','e124','e125','e126','e127','e128','e129','e130','e131','e132','e133','e134','e135','e136','e137','e138','e139','e140','e141','e142','e143','e144','e145','e146','e147','e148','e149','e150','e151','e152','e153','e154','e155','e156','e157','e158','e159','e160','e161','e162','e163','e164','e165','e166','e167','e168','e169','e170','e171','e172','e173','e174','e175','e176','e177','e178','e179','e180','e181','e182','e183','e184','e185','e186','e187','e188','e189','e190','e191','e192','e193','e194','e195','e196','e197','e198','e199','e200','e201','e202','e203','e204','e205','e206','e207','e208','e209','e210','e211','e212','e213','e214','e215','e216','e217','e218','e219','e220','e221','e222','e223','e224','e225','e226','e227','e228','e229','e230','e231','e232','e233','e234','e235','e236','e237','e238','e239','e240','e241','e242','e243','e244','e245','e246','e247','e248','e249','e250','e251','e252','e253','e254','e255','e256','e257','e258','e259'));
insert into t_many_labels values (1, 'e0'), (2, 'e254'), (3, 'e255'), (4, 'e256'), (5, 'e259'), (6, 'none'), (7, null);

create table t_charset (id int not null primary key, ascii_ varchar(20) character set ascii, latin1_ varchar(20) character set latin1,
  latin2_ varchar(20) character set latin2, latin5_ varchar(20) character set latin5, latin7_ varchar(20) character set latin7,
  cp1250_ varchar(20) character set cp1250, cp1251_ varchar(20) character set cp1251, cp1256_ varchar(20) character set cp1256,
  cp1257_ varchar(20) character set cp1257, cp850_ varchar(20) character set cp850, cp852_ varchar(20) character set cp852,
  cp866_ varchar(20) character set cp866, greek_ varchar(20) character set greek, hebrew_ varchar(20) character set hebrew,
  koi8r_ varchar(20) character set koi8r, koi8u_ varchar(20) character set koi8u, dec8_ varchar(20) character set dec8,
  hp8_ varchar(20) character set hp8, swe7_ varchar(20) character set swe7, macce_ varchar(20) character set macce,
  macroman_ varchar(20) character set macroman, keybcs2_ varchar(20) character set keybcs2,
  armscii8_ varchar(20) character set armscii8, geostd8_ varchar(20) character set geostd8, tis620_ varchar(20) character set tis620,
  big5_ varchar(20) character set big5, gb2312_ varchar(20) character set gb2312, gbk_ varchar(20) character set gbk,
  sjis_ varchar(20) character set sjis, cp932_ varchar(20) character set cp932, ujis_ varchar(20) character set ujis,
  eucjpms_ varchar(20) character set eucjpms, euckr_ varchar(20) character set euckr, utf8_ varchar(20) character set utf8mb3,
  ucs2_ varchar(20) character set ucs2, utf16_ varchar(20) character set utf16, utf16le_ varchar(20) character set utf16le,
  utf32_ varchar(20) character set utf32, chars char(8) character set utf16, charg char(8) character set gbk);
insert into t_charset values
  (1, 'ab~', 'café €ÿ', 'žluť', 'ığş', 'āžß', 'Łódź€', 'Привет', 'مرحبا', 'ąčę', 'é½Ü', 'čđ', 'Привет', 'Ωμέγα', 'שלום', 'Привет', 'Їжак', 'éß',
   'éß', 'ÅÄÖ', 'čř', 'é∞', 'čš', 'Հայ', 'ქარ', 'ไทย', '中文功', '中文', '中文乂', '日本語表ｱ', '日本①ｱ', '日本語', '日本①', '한글', 'é日',
   'é日', '日😀', '日😀', '日😀', '日😀', '中'),
  (2, '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', 'a', '\\', '\\', '\\', '\\',
   '\\', '\\', '\\', '\\', '\\', 'a', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\'),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
   null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (4, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '',
   '', '', '', '', '');

create table t_geometry (id int not null primary key, g geometry, p point, ls linestring, pg polygon, mp multipoint, ml multilinestring,
  mpg multipolygon, gc geometrycollection);
insert into t_geometry values
  (1, st_geomfromtext('POINT(1 2)'), st_geomfromtext('POINT(-1.5 2.25)'), st_geomfromtext('LINESTRING(0 0,1 1)'),
   st_geomfromtext('POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 2,1 1))'), st_geomfromtext('MULTIPOINT(1 1,2 2)'),
   st_geomfromtext('MULTILINESTRING((0 0,1 1),(2 2,3 3))'), st_geomfromtext('MULTIPOLYGON(((0 0,4 0,4 4,0 0)))'),
   st_geomfromtext('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')),
  (2, st_geomfromtext('POINT(1 2)', 4326), st_geomfromtext('POINT(10 20)', 4326), null, null, null, null, null,
   st_geomfromwkb(x'010700000000000000')),
  (3, null, null, null, null, null, null, null, null),
  (4, st_geomfromtext('GEOMETRYCOLLECTION(POINT(1 1))'), st_geomfromtext('POINT(1e300 -1e-300)'), null, null, null, null, null, null);

create table t_generated (id int not null primary key, a int, v int generated always as (a * 2) virtual,
  s varchar(20) generated always as (concat('s', a)) stored, n varchar(10), vn varchar(12) generated always as (concat(n, 'ü')) virtual, z int);
insert into t_generated (id, a, n, z) values (1, 10, 'n', 100), (2, null, null, null), (3, -3, '', 30);

create table t_default (id int not null auto_increment primary key, i int not null default 5, s varchar(10) not null default 'de''f',
  d decimal(5,2) default 1.5, b bit(3) default b'101', e enum('a', 'b') not null default 'b', ts timestamp(3) not null default '2001-02-03 04:05:06.789',
  n int default 7);
insert into t_default (id) values (1);
insert into t_default (id, d, b, n) values (2, null, null, null);

create table `select` (`from` int primary key, `where` varchar(10), `a.b` int, `a b` int, `名` int, `Ünï` int, `back``tick` int, `"q"` int,
  `back\slash` int, `data` int, `database` int, `old` int, `%s{db}` int, `it's` int);
insert into `select` values (1, 'w', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), (2, '', null, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
create table `MixedCase` (`Id` int primary key, `camelCase` int);
insert into `MixedCase` values (1, 1);
create table `mixedcase` (`ID` int primary key, `CamelCase` int);
insert into `mixedcase` values (1, 2);
create table `dot.ted` (id int primary key, v int);
insert into `dot.ted` values (1, 1);
create table `with space` (id int primary key, v int);
insert into `with space` values (1, 1);
create table `名前` (id int primary key, v int);
insert into `名前` values (1, 1);
create table `a-b$c` (id int primary key, v int);
insert into `a-b$c` values (1, 1);
create table `q"uo'te` (id int primary key, v int);
insert into `q"uo'te` values (1, 1);
create table `tick``ed` (id int primary key, v int);
insert into `tick``ed` values (1, 1);

-- Keys of every kind: rows are read in their order, and messages carry them.
create table k_two (v varchar(10), k2 int, k1 varchar(10), k3 datetime(3), primary key (k1, k2, k3));
insert into k_two values ('v1', 1, 'a', '2024-01-01 00:00:00.123'), ('v2', 2, 'ä"', '2024-01-02'), ('v3', -2, 'B', '2024-01-02'), ('v4', 1, 'b', 0);
create table k_binary (id binary(4) primary key, v int);
insert into k_binary values (x'01020000', 1), (x'ff000000', 2), (x'00000000', 3), (x'20202020', 4);
create table k_varbinary (id varbinary(10) primary key, v int);
insert into k_varbinary values ('', 1), (x'00', 2), (x'0000', 3), (x'ff', 4);
create table k_unsigned (id bigint unsigned primary key, v int);
insert into k_unsigned values (18446744073709551615, 1), (1, 2), (9223372036854775808, 3);
create table k_signed (id bigint primary key, v int);
insert into k_signed values (-9223372036854775808, 1), (-1, 2), (0, 3), (9223372036854775807, 4);
create table k_decimal (id decimal(20,4) primary key, v int);
insert into k_decimal values (-1.5, 1), (0, 2), (9999999999999999.9999, 3), (-9999999999999999.9999, 4);
create table k_date (id date primary key, v int);
insert into k_date values (0, 1), ('2024-00-00', 2), ('9999-12-31', 3);
create table k_time (id time(6) primary key, v int);
insert into k_time values ('-838:59:59', 1), ('-00:00:00.000001', 2), ('00:00:00', 3), ('838:59:59', 4);
create table k_timestamp (id timestamp(2) not null default '2001-01-01' primary key, v int);
insert into k_timestamp values (0, 1), ('1970-01-01 00:00:01.01', 2), ('2038-01-19 03:14:07.99', 3);
create table k_year (id year primary key, v int);
insert into k_year values (0, 1), (1901, 2), (2155, 3);
create table k_bit (id bit(64) primary key, v int);
insert into k_bit values (0, 1), (18446744073709551615, 2), (9223372036854775808, 3);
create table k_enum (id enum('z', 'a', 'm') primary key, v int);
insert into k_enum values ('z', 1), ('a', 2), ('m', 3), ('none', 4);
create table k_set (id set('z', 'a', 'm') primary key, v int);
insert into k_set values ('', 1), ('a', 2), ('z,m', 3);
create table k_double (id double primary key, v int);
insert into k_double values (-1e308, 1), (0.1, 2), (4.9e-324, 3), (1e308, 4);
create table k_float (id float primary key, v int);
insert into k_float values (-3.4e38, 1), (0.1, 2), (16777217, 3), (1.1, 4), (123456.789, 5);
create table k_text (id varchar(20) collate utf8mb4_general_ci primary key, v int);
insert into k_text values ('', 1), ('a', 2), ('B', 3), ('ä1', 4), ('😀', 5), ('\\"', 6);
create table k_char (id char(10) character set latin1 collate latin1_german1_ci primary key, v int);
insert into k_char values ('é', 1), ('z', 2), ('ß', 3);
create table k_gbk (id varchar(10) character set gbk primary key, v int);
insert into k_gbk values ('中', 1), ('文', 2), ('a', 3);
create table k_prefix (id text, v int, primary key (id(3)));
insert into k_prefix values ('abcdef', 1), ('abd', 2), ('é', 3);
create table k_unique (a int not null, b int not null, c varchar(5), unique key (b, a));
insert into k_unique values (1, 2, 'x'), (2, 1, 'y');
create table k_unique_null (a int, b int, unique key (a));
insert into k_unique_null values (1, 2), (null, 3), (null, 3);
create table k_none (a int, b varchar(10));
insert into k_none values (1, 'one'), (1, 'one'), (2, 'two'), (null, null);
create table k_many (id int primary key, v int) partition by hash(id) partitions 3;
insert into k_many values (1, 1), (2, 2), (3, 3), (-4, 4), (0, 5);

-- Keys that change: each part by itself, and all of them.
create table k_change_text (id varchar(20) primary key, v int);
insert into k_change_text values ('', 1), ('a', 2), ('李 雷', 3), ('"\\', 4), ('😀', 5);
create table k_change_decimal (id decimal(12,3) primary key, v int);
insert into k_change_decimal values (-0.001, 1), (0, 2), (1.500, 3), (123456789.999, 4);
create table k_change_datetime (id datetime(3) primary key, v int);
insert into k_change_datetime values ('1969-12-31 23:59:59.999', 1), ('2024-03-05 10:20:30.120', 2), ('2024-02-28', 3);
create table k_change_parts (v int, a int, b varchar(10), c decimal(5,2), d datetime, primary key (b, d, a, c));
insert into k_change_parts values (1, 1, 'x', -1.50, '2024-03-05 10:20:30'), (2, 1, 'x', -1.50, '2023-03-05 10:20:30'), (3, 7, 'ä', 0, '2024-01-01');

create table t_wide (id int primary key, c0 int, c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, c9 int, c10 int, c11 int, c12 int,
  c13 int, c14 int, c15 int, c16 int, c17 int, c18 int, c19 int, c20 int);
insert into t_wide values (1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20),
  (2, null, 1, null, 3, null, 5, null, null, null, null, null, null, null, null, null, 15, null, null, null, null, null);
