-- What came to MariaDB with 11.7.

create table t_vector (id int not null primary key, v vector(3), w vector(7) not null);
insert into t_vector values (1, vec_fromtext('[1,2.5,-3]'), vec_fromtext('[0.1,16777216,1e7,0.001,0.0001,-0,1e-10]')),
  (2, null, vec_fromtext('[0,0,0,0,0,0,0]')), (3, x'ffff7f7f01000000cdccccbd', vec_fromtext('[1,2,3,4,5,6,7]'));
