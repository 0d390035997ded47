//! Messages of schema changes, form by form.

use super::*;
use crate::change::sample::streamed;
use crate::format::{DebeziumJsonOptions, DtsOptions, JsonOptions, MaxwellOptions};
use crate::mysql::binlog::query::Session;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use crate::statement::{BigintUnsigned, BinaryForm, DecimalForm, FormatHeartbeat};

fn shape(name: &str, create: &str) -> Shape {
    let session = Session { client_collation: Some(45), ..Session::default() };
    let name = TableName::new("shop", name);
    Shape { table: Table::from_create(create, &name, &session, Flavor::MySql).expect(create) }
}

fn orders() -> Shape {
    shape(
        "orders",
        "create table orders (id bigint unsigned not null auto_increment, name varchar(20) collate utf8mb4_bin, \
         e enum('a','it''s') collate latin1_swedish_ci, d datetime(3), n decimal(10,2), b blob, primary key (id)) \
         collate utf8mb4_0900_ai_ci",
    )
}

fn altered<'a>(before: &'a Shape, after: &'a Shape) -> DdlMessage<'a> {
    DdlMessage {
        deed: Deed::AlterTable,
        kinds: &["add-column"],
        db: "shop",
        table: Some("orders"),
        sql: "ALTER TABLE orders ADD \"qty\" INT",
        schema: Some(12),
        before: Some(before),
        after: Some(after),
        charset: None,
    }
}

#[track_caller]
fn check(plan: &FormatPlan, change: &DdlMessage<'_>, key: Option<&str>, value: &str) {
    let mut out = b"x".to_vec();
    let (found_key, found) = write_ddl(plan, change, &streamed(), 7, &mut out);
    let text = |range: Range<usize>| String::from_utf8(out[range].to_vec()).expect("text");
    assert_eq!(text(found), value);
    assert_eq!(found_key.map(text).as_deref(), key);
    serde_json::from_str::<serde_json::Value>(value).expect("it is JSON");
}

fn debezium(schemas: bool) -> FormatPlan {
    FormatPlan::DebeziumJson(DebeziumJsonOptions {
        snapshot_create: false,
        bigint_unsigned: BigintUnsigned::Long,
        decimal: DecimalForm::String,
        binary: BinaryForm::Bytes,
        schemas,
    })
}

#[test]
fn canal() {
    let orders = orders();
    let plan = FormatPlan::CanalJson(Default::default());
    check(
        &plan,
        &altered(&orders, &orders),
        None,
        r#"{"data":null,"database":"shop","es":1709605231000,"gtid":"","id":7,"isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":"ALTER TABLE orders ADD \"qty\" INT","sqlType":null,"table":"orders","ts":1709605231050,"type":"ALTER"}"#,
    );
    let dropped = DdlMessage {
        deed: Deed::DropDatabase,
        table: None,
        sql: "drop database shop",
        ..altered(&orders, &orders)
    };
    check(
        &plan,
        &dropped,
        None,
        r#"{"data":null,"database":"shop","es":1709605231000,"gtid":"","id":7,"isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":"drop database shop","sqlType":null,"table":"","ts":1709605231050,"type":"QUERY"}"#,
    );
}

/// The dialect of the managed service has no `gtid`, in no message.
#[test]
fn canal_of_the_managed_service() {
    let orders = orders();
    let plan = FormatPlan::CanalJson(crate::format::CanalOptions { dts: true, ..Default::default() });
    check(
        &plan,
        &altered(&orders, &orders),
        None,
        r#"{"data":null,"database":"shop","es":1709605231000,"id":7,"isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":"ALTER TABLE orders ADD \"qty\" INT","sqlType":null,"table":"orders","ts":1709605231050,"type":"ALTER"}"#,
    );
}

/// As Debezium has them of tables of MySQL 9.7: a unique key stands in for the primary key, a VECTOR has a length.
#[test]
fn debezium_keys_and_vectors() {
    let told = |create: &str| {
        let after = shape("t", &format!("{create} collate utf8mb4_bin"));
        let change = DdlMessage { table: Some("t"), ..altered(&after, &after) };
        let mut out = Vec::new();
        let (_, value) = write_ddl(&debezium(false), &change, &streamed(), 7, &mut out);
        let value: serde_json::Value = serde_json::from_slice(&out[value]).expect("JSON");
        value["tableChanges"][0]["table"].clone()
    };
    let key = |create| told(create)["primaryKeyColumnNames"].to_string();
    assert_eq!(
        key("create table t (a int not null, b int, c varchar(10) not null, unique key (a, c))"),
        r#"["a","c"]"#
    );
    assert_eq!(
        key("create table t (a int not null primary key, b int not null, unique key (b))"),
        r#"["a"]"#
    );
    assert_eq!(key("create table t (a int, b int, unique key (a))"), "[]");
    let vector = told("create table t (v vector(3))")["columns"][0].clone();
    assert_eq!((&vector["typeName"], &vector["length"]), (&"VECTOR".into(), &3.into()));
}

#[test]
fn our_own_form() {
    let orders = orders();
    check(
        &FormatPlan::Json(JsonOptions::plain()),
        &altered(&orders, &orders),
        None,
        r#"{"source":"main","database":"shop","table":"orders","kinds":["add-column"],"sql":"ALTER TABLE orders ADD \"qty\" INT","schema":12,"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:23","position":"mysql-bin.000007:917","ts_ms":1709605231000}"#,
    );
}

#[test]
fn maxwell() {
    let (before, after) = (
        orders(),
        shape(
            "orders",
            "create table orders (id int, t time, v varbinary(3), primary key (id)) collate utf8mb4_general_ci",
        ),
    );
    let plan = FormatPlan::MaxwellJson(MaxwellOptions { omit_nulls: false, snapshot_bootstrap: false });
    let old = r#"{"database":"shop","charset":"utf8mb4","table":"orders","primary-key":["id"],"columns":[{"type":"bigint","name":"id","signed":false},{"type":"varchar","name":"name","charset":"utf8mb4"},{"type":"enum","name":"e","enum-values":["a","it's"]},{"type":"datetime","name":"d","column-length":3},{"type":"decimal","name":"n"},{"type":"blob","name":"b","charset":"binary"}]}"#;
    let def = r#"{"database":"shop","charset":"utf8mb4","table":"orders","primary-key":["id"],"columns":[{"type":"int","name":"id","signed":true},{"type":"time","name":"t"},{"type":"varbinary","name":"v","charset":"binary"}]}"#;
    let tail = r#""ts":1709605231000,"sql":"ALTER TABLE orders ADD \"qty\" INT"}"#;
    let change = altered(&before, &after);
    check(
        &plan,
        &change,
        None,
        &format!(
            r#"{{"type":"table-alter","database":"shop","table":"orders","old":{old},"def":{def},{tail}"#
        ),
    );
    let created = DdlMessage { deed: Deed::CreateTable, before: None, ..change.clone() };
    check(
        &plan,
        &created,
        None,
        &format!(r#"{{"type":"table-create","database":"shop","table":"orders","def":{def},{tail}"#),
    );
    let dropped = DdlMessage { deed: Deed::DropTable, after: None, ..change.clone() };
    check(
        &plan,
        &dropped,
        None,
        &format!(r#"{{"type":"table-drop","database":"shop","table":"orders",{tail}"#),
    );
    let named = shape(
        "sales",
        "create table sales (id int, t time, v varbinary(3), primary key (id)) collate utf8mb4_general_ci",
    );
    let renamed =
        DdlMessage { deed: Deed::RenameTable, table: Some("sales"), after: Some(&named), ..change.clone() };
    let new = def.replace("orders", "sales");
    check(
        &plan,
        &renamed,
        None,
        &format!(
            r#"{{"type":"table-alter","database":"shop","table":"orders","old":{old},"def":{new},{tail}"#
        ),
    );
    let database = DdlMessage { deed: Deed::CreateDatabase, table: None, charset: Some("latin1"), ..change };
    check(
        &plan,
        &database,
        None,
        &format!(r#"{{"type":"database-create","database":"shop","charset":"latin1",{tail}"#),
    );
    assert!(!tells(&plan, Deed::Truncate));
}

#[test]
fn debezium_without_and_with_schemas() {
    let orders = orders();
    let change = altered(&orders, &orders);
    let head = format!(
        r#"{{"source":{{"version":"{}","connector":"mysql","name":"main","ts_ms":1709605231012,"snapshot":"false","db":"shop","sequence":null,"ts_us":1709605231012345,"ts_ns":1709605231012345000,"table":"orders","server_id":223344,"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:23","file":"mysql-bin.000007","pos":1203,"row":0,"thread":42,"query":null}},"ts_ms":1709605231050,"databaseName":"shop","schemaName":null,"ddl":"ALTER TABLE orders ADD \"qty\" INT","tableChanges":"#,
        env!("CARGO_PKG_VERSION")
    );
    let column = |name: &str,
                  jdbc: i32,
                  ty: &str,
                  charset: &str,
                  length: &str,
                  position: u32,
                  optional: bool,
                  generated: bool,
                  labels: &str| {
        format!(
            r#"{{"name":"{name}","jdbcType":{jdbc},"nativeType":null,"typeName":"{ty}","typeExpression":"{ty}","charsetName":{charset},{length},"position":{position},"optional":{optional},"autoIncremented":{generated},"generated":{generated},"comment":null,"defaultValueExpression":null,"enumValues":{labels}}}"#
        )
    };
    let (none, null) = (r#""length":null,"scale":null"#, "null");
    let columns = [
        column("id", -5, "BIGINT UNSIGNED", null, none, 1, false, true, null),
        column("name", 12, "VARCHAR", r#""utf8mb4""#, r#""length":20,"scale":null"#, 2, true, false, null),
        column(
            "e",
            1,
            "ENUM",
            r#""latin1""#,
            r#""length":1,"scale":null"#,
            3,
            true,
            false,
            r#"["'a'","'it''s'"]"#,
        ),
        column("d", 93, "DATETIME", null, r#""length":3,"scale":null"#, 4, true, false, null),
        column("n", 3, "DECIMAL", null, r#""length":10,"scale":2"#, 5, true, false, null),
        column("b", 2004, "BLOB", null, none, 6, true, false, null),
    ];
    let changes = format!(
        r#"[{{"type":"ALTER","id":"\"shop\".\"orders\"","table":{{"defaultCharsetName":"utf8mb4","primaryKeyColumnNames":["id"],"columns":[{}],"comment":null}}}}]"#,
        columns.join(",")
    );
    let key = r#"{"databaseName":"shop"}"#;
    check(&debezium(false), &change, Some(key), &format!("{head}{changes}}}"));
    let dropped = DdlMessage { deed: Deed::DropTable, after: None, ..change.clone() };
    let gone = r#"[{"type":"DROP","id":"\"shop\".\"orders\"","table":null}]"#;
    check(&debezium(false), &dropped, Some(key), &format!("{head}{gone}}}"));
    let index = DdlMessage { deed: Deed::CreateIndex { alone: true }, ..change.clone() };
    check(&debezium(false), &index, Some(key), &format!("{head}[]}}"));

    let mut out = Vec::new();
    let (found_key, found) = write_ddl(&debezium(true), &change, &streamed(), 7, &mut out);
    let json = |range: Range<usize>| serde_json::from_slice::<serde_json::Value>(&out[range]).expect("JSON");
    let (key, value) = (json(found_key.expect("a key")), json(found));
    assert_eq!(key["payload"]["databaseName"], "shop");
    assert_eq!(key["schema"]["name"], "io.debezium.connector.mysql.SchemaChangeKey");
    assert_eq!(value["schema"]["name"], "io.debezium.connector.mysql.SchemaChangeValue");
    // each member of the payload is a field of the schema, in its order
    let fields = value["schema"]["fields"].as_array().expect("fields");
    let fields: Vec<&str> = fields.iter().map(|field| field["field"].as_str().expect("a name")).collect();
    assert_eq!(fields, ["source", "ts_ms", "databaseName", "schemaName", "ddl", "tableChanges"]);
    assert!(fields.iter().all(|field| value["payload"].get(field).is_some()));
}

/// To the byte as the reference has it, but for its tags.
#[test]
fn dts() {
    let plan = FormatPlan::DtsAvro(DtsOptions {
        snapshot_init: false,
        heartbeat: FormatHeartbeat::Off,
        transactions: false,
    });
    let orders = orders();
    let change =
        DdlMessage { deed: Deed::CreateTable, sql: "CREATE TABLE t (id INT)", ..altered(&orders, &orders) };
    let mut out = Vec::new();
    let (key, value) = write_ddl(&plan, &change, &streamed(), 1, &mut out);
    assert_eq!((key, value.start), (None, 0));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let shown = hex(&out);
    // … operation DDL, the database, no times, four tags
    assert!(shown.contains("06020873686f700008"), "{shown}");
    let tail = "0000022e435245415445205441424c4520742028696420494e5429de85b4de0c";
    assert!(shown.ends_with(&format!("00{tail}")), "{shown}");
}
