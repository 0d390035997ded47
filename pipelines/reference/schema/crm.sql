-- mysqldump --no-data crm customers
CREATE TABLE `customers` (
  `customer_id` bigint NOT NULL,
  `name` varchar(100) NOT NULL,
  PRIMARY KEY (`customer_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
