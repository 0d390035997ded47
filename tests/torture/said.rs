//! What a server says of its tables and rows, asked by a client that shares no code with syncc.

use crate::support::Sql;

/// A table as the server lists it.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Names of the primary key's columns, in the key's order.
    pub(super) key: Vec<String>,
}

/// A column as the server lists it.
pub(super) struct Column {
    pub(super) name: String,
    /// The name as SQL has it.
    pub(super) quoted: String,
    /// `DATA_TYPE`.
    pub(super) ty: String,
    /// `COLUMN_TYPE` without comments.
    pub(super) declared: String,
    pub(super) nullable: bool,
    pub(super) generated: bool,
    form: Form,
}

/// How values of a column are compared.
#[derive(Clone, Copy)]
enum Form {
    /// The text the server prints.
    Text,
    /// `column + 0`: numbers without the zeros of ZEROFILL.
    Number,
    /// All four digits of a YEAR(2).
    Year,
    /// The number behind ENUM, SET and BIT. Not by `column + 0`, which has a sign for the 64th bit.
    Unsigned,
    /// The 32 bits of the value.
    Float,
    /// The 64 bits of the value.
    Double,
    /// HEX.
    Bytes,
    /// HEX of the server's form: 32-bit values, the lowest byte first.
    Vector,
}

/// The tables of a database but `marker`, by name.
pub(super) fn tables(sql: &mut Sql, database: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let rows = sql.text(&format!(
        "select table_name, column_name, data_type, column_type, is_nullable, generation_expression
         from information_schema.columns where table_schema = '{database}' and table_name <> 'marker'
         order by binary table_name, ordinal_position"
    ));
    for row in rows {
        let [table, name, ty, declared, nullable, expression] =
            <[Option<String>; 6]>::try_from(row).expect("six columns").map(Option::unwrap_or_default);
        if tables.last().is_none_or(|last| last.name != table) {
            tables.push(Table { name: table, columns: Vec::new(), key: Vec::new() });
        }
        let form = match ty.as_str() {
            "float" => Form::Float,
            "double" => Form::Double,
            "enum" | "set" | "bit" => Form::Unsigned,
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Form::Bytes,
            "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
            | "multipolygon" | "geometrycollection" | "geomcollection" => Form::Bytes,
            "vector" => Form::Vector,
            "year" if declared == "year(2)" => Form::Year,
            _ if declared.contains("zerofill") => Form::Number,
            _ => Form::Text,
        };
        let columns = &mut tables.last_mut().expect("pushed above").columns;
        columns.push(Column {
            quoted: quoted(&name),
            name,
            ty,
            // ` /*M!100301 COMPRESSED*/`: how MariaDB keeps the column, no part of its type
            declared: declared.split(" /*").next().unwrap_or_default().to_owned(),
            nullable: nullable == "YES",
            generated: !expression.is_empty(),
            form,
        });
    }
    for table in &mut tables {
        let literal = table.name.replace('\\', "\\\\").replace('\'', "''");
        let key = sql.text(&format!(
            "select column_name from information_schema.statistics
             where table_schema = '{database}' and binary table_name = binary '{literal}' and index_name = 'PRIMARY'
             order by seq_in_index"
        ));
        table.key = key.into_iter().flatten().flatten().collect();
    }
    tables
}

impl Table {
    /// Its name as SQL has it.
    pub(super) fn full(&self, database: &str) -> String {
        format!("{}.{}", quoted(database), quoted(&self.name))
    }

    /// Its name in the session's database, as SQL has it.
    pub(super) fn quoted(&self) -> String {
        quoted(&self.name)
    }

    /// The columns that a statement may give values, as a list of SQL.
    pub(super) fn written(&self) -> String {
        let names: Vec<&str> =
            self.columns.iter().filter(|column| !column.generated).map(|column| &*column.quoted).collect();
        names.join(", ")
    }

    /// The condition under which rows of `t` and `a` have the same key; `None` without one.
    pub(super) fn join(&self) -> Option<String> {
        let equal = |name: &String| format!("t.{0} = a.{0}", quoted(name));
        (!self.key.is_empty()).then(|| self.key.iter().map(equal).collect::<Vec<_>>().join(" and "))
    }

    /// All rows of it in the session's database, in the form of [`Column::canonical`].
    pub(super) fn rows(&self, sql: &mut Sql) -> Vec<Vec<Option<String>>> {
        let expressions: Vec<String> = self
            .columns
            .iter()
            .map(|Column { quoted, form, .. }| match form {
                Form::Text => quoted.clone(),
                Form::Number => format!("{quoted} + 0"),
                Form::Year => format!("year({quoted})"),
                Form::Unsigned => format!("cast({quoted} as unsigned)"),
                // the server prints six digits of a FLOAT by itself
                Form::Float | Form::Double => format!("{quoted} * 1e0"),
                Form::Bytes | Form::Vector => format!("hex({quoted})"),
            })
            .collect();
        let rows = sql.text(&format!("select {} from {}", expressions.join(", "), quoted(&self.name)));
        let canonical = |row: Vec<Option<String>>| {
            let values = row.into_iter().zip(&self.columns);
            values
                .map(|(value, column)| {
                    value.map(|text| match column.form {
                        // the lines of base64, which 5.7 leaves broken inside of a string
                        Form::Text if column.declared == "json" => text.replace('\n', "\\n"),
                        Form::Text
                        | Form::Number
                        | Form::Year
                        | Form::Unsigned
                        | Form::Bytes
                        | Form::Vector => text,
                        Form::Float | Form::Double => column.canonical(&text),
                    })
                })
                .collect()
        };
        rows.into_iter().map(canonical).collect()
    }
}

impl Column {
    /// What stands in the parentheses of its type; `0` without.
    pub(super) fn digits(&self) -> &str {
        self.declared.split_once('(').map_or("0", |(_, rest)| rest.split(')').next().expect("split"))
    }

    /// Whether its values are bytes.
    pub(super) fn is_bytes(&self) -> bool {
        ["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"].contains(&self.ty.as_str())
    }

    /// Whether its values are geometries.
    pub(super) fn is_geometry(&self) -> bool {
        let starts = ["geom", "point", "linestring", "polygon", "multi"];
        starts.iter().any(|start| self.ty.starts_with(start))
    }

    /// The text of a message in the form that values are compared in.
    pub(super) fn canonical(&self, text: &str) -> String {
        match self.form {
            Form::Text | Form::Number | Form::Year | Form::Unsigned => text.to_owned(),
            Form::Float => match text.parse::<f32>() {
                Ok(number) => format!("{:08x}", number.to_bits()),
                Err(_) => format!("not a number: {text}"),
            },
            Form::Double => match text.parse::<f64>() {
                Ok(number) => format!("{:016x}", number.to_bits()),
                Err(_) => format!("not a number: {text}"),
            },
            Form::Bytes => text.chars().map(|byte| format!("{:02X}", u32::from(byte))).collect(),
            Form::Vector => {
                let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
                let Some(inner) = inner else { return format!("not a vector: {text}") };
                let bytes = inner.split(',').flat_map(|number| {
                    number.parse::<f32>().unwrap_or(f32::NAN).to_le_bytes().map(|byte| format!("{byte:02X}"))
                });
                bytes.collect()
            }
        }
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
