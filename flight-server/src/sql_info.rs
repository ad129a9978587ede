//! What the server says about itself to `CommandGetSqlInfo`.

use std::sync::LazyLock;

use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::{SqlInfo, SqlSupportedTransaction};

/// Every answer of a server with user space, or of one without.
pub(crate) fn all(user_space: bool) -> &'static SqlInfoData {
    static WITH: LazyLock<SqlInfoData> = LazyLock::new(|| build(true));
    static WITHOUT: LazyLock<SqlInfoData> = LazyLock::new(|| build(false));
    if user_space { &WITH } else { &WITHOUT }
}

fn build(user_space: bool) -> SqlInfoData {
    let mut info = SqlInfoDataBuilder::new();
    info.append(SqlInfo::FlightSqlServerName, "Nearside");
    info.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    info.append(SqlInfo::FlightSqlServerArrowVersion, "1.3");
    info.append(SqlInfo::FlightSqlServerReadOnly, !user_space);
    info.append(SqlInfo::FlightSqlServerSql, true);
    info.append(SqlInfo::FlightSqlServerSubstrait, false);
    info.append(SqlInfo::FlightSqlServerTransaction, SqlSupportedTransaction::None as i32);
    info.append(SqlInfo::FlightSqlServerCancel, true);
    info.append(SqlInfo::FlightSqlServerBulkIngestion, user_space);
    info.append(SqlInfo::SqlDdlCatalog, false);
    info.append(SqlInfo::SqlDdlSchema, false);
    info.append(SqlInfo::SqlDdlTable, user_space);
    info.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    info.append(SqlInfo::SqlCorrelatedSubqueriesSupported, true);
    info.build().expect("every value above has the type of its key")
}
