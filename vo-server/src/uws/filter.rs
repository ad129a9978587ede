//! Which jobs a list has: PHASE, AFTER and LAST (UWS 1.1 section 2.2.2.1), and the archive's own search.

use jiff::Timestamp;
use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use super::phase::Phase;
use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// Jobs of one list, unless fewer are asked for.
const MOST: i64 = 10_000;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    phases: Vec<Phase>,
    after: Option<i64>,
    name: Option<String>,
    newest_first: bool,
    limit: Option<i64>,
    offset: i64,
}

impl Filter {
    /// PHASE, AFTER, LAST; and `phase`, `jobname`, `limit`, `offset` and `order` as astroquery sends them.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let phases =
            parameters.all("PHASE").flat_map(|value| value.split(',')).filter(|name| !name.is_empty());
        let phases = phases.map(|name| {
            name.trim().parse().map_err(|()| refused("PHASE", name, "it is the name of a phase, as in UWS"))
        });
        let after = parameters.get("AFTER").map(|text| instant("AFTER", text)).transpose()?;
        let last = number(parameters, "LAST")?;
        Ok(Self {
            phases: phases.collect::<Result<_, _>>()?,
            after,
            name: parameters.get("JOBNAME").map(str::to_owned),
            newest_first: last.is_some(),
            limit: last.or(number(parameters, "LIMIT")?),
            offset: number(parameters, "OFFSET")?.unwrap_or(0),
        })
    }

    /// What follows the condition on the owner, which is the first parameter.
    pub(super) fn sql(&self) -> String {
        let mut sql = String::new();
        let mut next = 2..;
        let mut parameter = || format!("${}", next.next().unwrap_or_default());
        if !self.phases.is_empty() {
            let phases: Vec<String> = self.phases.iter().map(|_| parameter()).collect();
            sql.push_str(&format!(" AND phase IN ({})", phases.join(", ")));
        }
        if self.after.is_some() {
            sql.push_str(&format!(" AND created_at > {}", parameter()));
        }
        if self.name.is_some() {
            sql.push_str(&format!(" AND name = {}", parameter()));
        }
        let order = if self.newest_first { "DESC" } else { "ASC" };
        let (limit, offset) = (parameter(), parameter());
        sql.push_str(&format!(" ORDER BY created_at {order}, id {order} LIMIT {limit} OFFSET {offset}"));
        sql
    }

    /// Binds what [`Filter::sql`] has left open.
    pub(super) fn bind<'q>(
        &'q self,
        mut query: Query<'q, Any, AnyArguments>,
    ) -> Query<'q, Any, AnyArguments> {
        for phase in &self.phases {
            query = query.bind(phase.name());
        }
        if let Some(after) = self.after {
            query = query.bind(after);
        }
        if let Some(name) = &self.name {
            query = query.bind(name);
        }
        query.bind(self.limit.unwrap_or(MOST).min(MOST)).bind(self.offset)
    }
}

/// Seconds since 1970 of an ISO 8601 time, which is UTC where it does not say (DALI 1.1 section 3.3.3).
pub(super) fn instant(name: &'static str, text: &str) -> Result<i64, Refusal> {
    let zoned = text.parse::<Timestamp>();
    let time = zoned.or_else(|_| format!("{text}Z").parse()).or_else(|_| format!("{text}T00:00:00Z").parse());
    time.map(Timestamp::as_second)
        .map_err(|_| refused(name, text, "it is a time such as 2026-11-23T06:00:00Z"))
}

fn number(parameters: &Parameters, name: &'static str) -> Result<Option<i64>, Refusal> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    let number = text.parse::<i64>().ok().filter(|number| *number >= 0);
    number.map(Some).ok_or_else(|| refused(name, text, "it is a number, from 0"))
}

fn refused(name: &'static str, value: &str, hint: &str) -> Refusal {
    Refusal::Value { name, value: value.chars().take(80).collect(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_utc() {
        let same = ["2026-11-23T06:00:00Z", "2026-11-23T06:00:00", "2026-11-23T07:00:00+01:00"];
        assert_eq!(same.map(|text| instant("AFTER", text).expect("a time")), [1_795_413_600; 3]);
        assert_eq!(instant("AFTER", "2026-11-23").expect("a day"), 1_795_392_000);
        assert!(instant("AFTER", "yesterday").is_err());
    }
}
