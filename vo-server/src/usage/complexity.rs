//! How complex a request is: five classes of queries, products, and transfers. The words of the text decide, so that refused
//! queries have a class too.

/// Bytes of a text that decide. It may be as long as a request, before anybody has refused it.
const LOOKED_AT: usize = 1 << 16;

/// Classes of queries, from the cheap to the costly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Complexity {
    /// Files and nodes.
    Transfer,
    /// Products or links by identifier.
    Products,
    /// One table and conditions on its columns.
    Simple,
    /// A region of the sky.
    Region,
    /// Groups, or values of many rows.
    Aggregate,
    /// Several tables.
    Join,
    /// Queries within queries, or several put together.
    Nested,
}

const PRODUCTS: [&str; 1] = ["epoch_products"];
/// In ADQL, and in the SQL of Arrow Flight.
const REGIONS: [&str; 6] = ["contains", "intersects", "distance", "crossmatch", "cone", "distance_deg"];
const AGGREGATES: [&str; 7] = ["group", "count", "sum", "avg", "min", "max", "stddev"];
const SEVERAL: [&str; 4] = ["with", "union", "except", "intersect"];

impl Complexity {
    /// All classes.
    pub(crate) const ALL: [Self; 7] = [
        Self::Transfer,
        Self::Products,
        Self::Simple,
        Self::Region,
        Self::Aggregate,
        Self::Join,
        Self::Nested,
    ];

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Products => "products",
            Self::Simple => "simple",
            Self::Region => "region",
            Self::Aggregate => "aggregate",
            Self::Join => "join",
            Self::Nested => "nested",
        }
    }

    /// The class of a query in ADQL, or in the SQL of Arrow Flight.
    pub(crate) fn of(adql: &str) -> Self {
        let words = words(adql);
        let has = |sought: &[&str]| words.iter().any(|word| sought.contains(&word.as_str()));
        if has(&PRODUCTS) {
            Self::Products
        } else if has(&SEVERAL) || words.iter().filter(|word| *word == "select").count() > 1 {
            Self::Nested
        } else if has(&["join"]) || lists_tables(&words) {
            Self::Join
        } else if has(&AGGREGATES) {
            Self::Aggregate
        } else if has(&REGIONS) {
            Self::Region
        } else {
            Self::Simple
        }
    }
}

/// Names and commas in lower case; no comments, texts and quoted names.
fn words(adql: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut rest = &adql[..adql.floor_char_boundary(LOOKED_AT)];
    while let Some(next) = rest.chars().next() {
        let skipped = match next {
            '\'' | '"' => rest[1..].find(next).map_or(rest.len(), |end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ => next.len_utf8(),
        };
        if next.is_alphanumeric() || next == '_' {
            words.last_mut().expect("never empty").extend(next.to_lowercase());
        } else if next == ',' {
            words.extend([",".to_owned(), String::new()]);
        } else {
            words.push(String::new());
        }
        rest = &rest[skipped..];
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `FROM a, b`: a comma between FROM and what follows the tables.
fn lists_tables(words: &[String]) -> bool {
    let after = words.iter().skip_while(|word| *word != "from");
    let mut tables =
        after.take_while(|word| !["where", "group", "order", "having", "offset"].contains(&word.as_str()));
    tables.any(|word| word == ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_query_decide_and_not_its_texts() {
        let cases = [
            ("SELECT TOP 5 a, b FROM t WHERE x = 'join (select'", Complexity::Simple),
            ("select * from t -- union\n where \"count\" = 1", Complexity::Simple),
            ("SELECT * FROM t WHERE 1=CONTAINS(POINT(ra,dec), CIRCLE(1,2,3))", Complexity::Region),
            ("SELECT MAX(g), h FROM t WHERE DISTANCE(a,b,c,d) < 1 ORDER BY g, h", Complexity::Aggregate),
            ("SELECT a FROM t JOIN u USING (id)", Complexity::Join),
            ("SELECT t.a FROM t, u WHERE t.i = u.i", Complexity::Join),
            ("SELECT a FROM (SELECT a FROM t) AS s", Complexity::Nested),
            ("SELECT a FROM t UNION SELECT a FROM u", Complexity::Nested),
            ("SELECT * FROM epoch_products('EPOCH_PHOTOMETRY', [1])", Complexity::Products),
            ("SELECT ra FROM t WHERE cone(ra, dec, 1, 2, 3)", Complexity::Region),
            ("no query at all 'é", Complexity::Simple),
            (&"é,".repeat(LOOKED_AT), Complexity::Simple),
        ];
        for (adql, expected) in cases {
            assert_eq!(Complexity::of(adql), expected, "{adql}");
        }
    }
}
