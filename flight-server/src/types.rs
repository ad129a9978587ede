//! The types of columns, for clients that ask for them before they make tables (CommandGetXdbcTypeInfo).

use std::sync::LazyLock;

use arrow_flight::sql::metadata::{XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder};
use arrow_flight::sql::{Nullable, Searchable, XdbcDataType};

/// Every type: its name in SQL, its number in XDBC, its size (bits or digits), and whether it is text, and a number.
const TYPES: [(&str, XdbcDataType, Option<i32>, Kind); 12] = [
    ("BOOLEAN", XdbcDataType::XdbcBit, Some(1), Kind::Other),
    ("TINYINT", XdbcDataType::XdbcTinyint, Some(3), Kind::Number),
    ("SMALLINT", XdbcDataType::XdbcSmallint, Some(5), Kind::Number),
    ("INTEGER", XdbcDataType::XdbcInteger, Some(10), Kind::Number),
    ("BIGINT", XdbcDataType::XdbcBigint, Some(19), Kind::Number),
    ("REAL", XdbcDataType::XdbcReal, Some(24), Kind::Number),
    ("DOUBLE", XdbcDataType::XdbcDouble, Some(53), Kind::Number),
    ("DECIMAL", XdbcDataType::XdbcDecimal, Some(38), Kind::Number),
    ("VARCHAR", XdbcDataType::XdbcVarchar, None, Kind::Text),
    ("BYTEA", XdbcDataType::XdbcVarbinary, None, Kind::Other),
    ("DATE", XdbcDataType::XdbcDate, Some(10), Kind::Other),
    ("TIMESTAMP", XdbcDataType::XdbcTimestamp, Some(29), Kind::Other),
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Text,
    Other,
}

/// All of them.
pub(crate) fn all() -> &'static XdbcTypeInfoData {
    static ALL: LazyLock<XdbcTypeInfoData> = LazyLock::new(|| {
        let mut types = XdbcTypeInfoDataBuilder::new();
        TYPES.into_iter().for_each(|(name, number, size, kind)| types.append(info(name, number, size, kind)));
        types.build().expect("every value above has the type of its column")
    });
    &ALL
}

fn info(name: &str, data_type: XdbcDataType, column_size: Option<i32>, kind: Kind) -> XdbcTypeInfo {
    let quote = (kind != Kind::Number).then(|| "'".to_owned());
    XdbcTypeInfo {
        type_name: name.to_owned(),
        data_type,
        column_size,
        literal_prefix: quote.clone(),
        literal_suffix: quote,
        create_params: None,
        nullable: Nullable::NullabilityNullable,
        case_sensitive: kind == Kind::Text,
        searchable: Searchable::Full,
        unsigned_attribute: (kind == Kind::Number).then_some(false),
        fixed_prec_scale: false,
        auto_increment: (kind == Kind::Number).then_some(false),
        local_type_name: Some(name.to_owned()),
        minimum_scale: None,
        maximum_scale: None,
        sql_data_type: data_type,
        datetime_subcode: None,
        num_prec_radix: (kind == Kind::Number).then_some(10),
        interval_precision: None,
    }
}
