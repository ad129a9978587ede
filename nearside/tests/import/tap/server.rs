//! A service with one table of stars all over the sky. It understands the queries of these tests only.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use catalogue::healpix::separation_deg;
use tokio::net::TcpListener;

const STARS: u32 = 20_000;

/// What the service does to long answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// Gives them whole.
    Never,
    /// Gives so many rows and says so.
    Marked(usize),
    /// Gives so many rows and says nothing.
    Silently(usize),
}

/// How the service behaves.
#[derive(Clone, Debug)]
pub struct Manners {
    pub cut: Cut,
    pub has_jobs: bool,
    pub token: Option<&'static str>,
    pub recorded: Option<Vec<u8>>,
}

impl Default for Manners {
    fn default() -> Self {
        Self { cut: Cut::Never, has_jobs: true, token: None, recorded: None }
    }
}

/// A job: its answer, and how often its phase was asked for.
struct Job {
    answer: Result<Vec<u8>, String>,
    looks: u32,
}

struct Inside {
    manners: Manners,
    stars: Vec<(f64, f64)>,
    jobs: Mutex<BTreeMap<u64, Job>>,
    started: Mutex<u64>,
}

/// A running service; it ends with the test.
pub struct Server {
    port: u16,
    inside: Arc<Inside>,
}

impl Server {
    pub async fn start(manners: Manners) -> Self {
        // A third of the stars is crowded around a place on the meridian.
        let star = |n: u32| {
            let (a, b) = ((f64::from(n) * 0.618_034).fract(), (f64::from(n) * 0.754_878).fract());
            if n.is_multiple_of(3) {
                ((357.0 + a * 6.0).rem_euclid(360.0), 7.0 + b * 6.0)
            } else {
                (a * 360.0, b * 178.0 - 89.0)
            }
        };
        let (jobs, started) = (Mutex::default(), Mutex::default());
        let inside = Arc::new(Inside { manners, stars: (0..STARS).map(star).collect(), jobs, started });
        let router = Router::new()
            .route("/tap/sync", post(sync))
            .route("/tap/async", post(submit))
            .route("/tap/async/{id}", axum::routing::delete(delete))
            .route("/tap/async/{id}/phase", get(phase))
            .route("/tap/async/{id}/error", get(error))
            .route("/tap/async/{id}/results/result", get(result))
            .with_state(Arc::clone(&inside));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, inside }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/tap", self.port)
    }

    pub fn rows_within(&self, ra: f64, dec: f64, radius: f64) -> usize {
        self.inside.stars.iter().filter(|star| separation_deg(star.0, star.1, ra, dec) <= radius).count()
    }

    pub fn jobs(&self) -> usize {
        self.inside.jobs.lock().expect("no panic").len()
    }
}

type Fields = Form<BTreeMap<String, String>>;
type Shared = State<Arc<Inside>>;

/// The number after each of these words, in their order.
fn numbers<const N: usize>(query: &str, words: [&str; N]) -> Option<[f64; N]> {
    let number = |word: &str| {
        let (_, behind) = query.split_once(word)?;
        let end = behind.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | 'e')).unwrap_or(behind.len());
        behind[..end].parse().ok()
    };
    let found: Vec<f64> = words.iter().map(|word| number(word)).collect::<Option<_>>()?;
    found.try_into().ok()
}

impl Inside {
    fn answer(&self, fields: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
        let query = fields.get("QUERY").ok_or("QUERY is missing")?;
        if let (Some(recorded), true) = (&self.manners.recorded, query.contains("recorded")) {
            let is_count = query.contains("COUNT(*)");
            return if is_count {
                Err("this query cannot be counted".to_owned())
            } else {
                Ok(recorded.clone())
            };
        }
        if !query.contains("FROM stars") {
            return Err("there is no table nothing".to_owned());
        }
        let rows = self.rows(query);
        if query.contains("COUNT(*)") {
            return Ok(document(
                &format!(
                    "<FIELD name=\"n\" datatype=\"long\"/><DATA><TABLEDATA><TR><TD>{}</TD></TR></TABLEDATA></DATA>",
                    rows.len()
                ),
                false,
            ));
        }
        let max_rows: usize = fields.get("MAXREC").and_then(|rows| rows.parse().ok()).unwrap_or(usize::MAX);
        let (limit, marked) = match self.manners.cut {
            Cut::Never => (max_rows, true),
            Cut::Marked(limit) => (limit.min(max_rows), true),
            Cut::Silently(limit) => (limit.min(max_rows), false),
        };
        Ok(table(&rows[..rows.len().min(limit)], marked && rows.len() > limit))
    }

    fn rows(&self, query: &str) -> Vec<(f64, f64)> {
        let circle = query.split_once("CIRCLE('ICRS',").map(|(_, circle)| {
            let numbers = circle.split([',', ')']).take(3).map(|number| number.parse().expect("a number"));
            let numbers: Vec<f64> = numbers.collect();
            (numbers[0], numbers[1], numbers[2])
        });
        let square = numbers(query, ["ra>=", "ra<", "dec>=", "dec<"]);
        let within = |&&(ra, dec): &&(f64, f64)| {
            circle.is_none_or(|(x, y, radius)| separation_deg(ra, dec, x, y) <= radius)
                && square.is_none_or(|[west, east, south, north]| {
                    ra >= west && ra < east && dec >= south && dec < north
                })
        };
        self.stars.iter().filter(within).copied().collect()
    }

    fn may(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.manners.token.is_none_or(|token| sent == Some(&format!("Bearer {token}")))
    }
}

fn table(rows: &[(f64, f64)], overflow: bool) -> Vec<u8> {
    let fields = "<FIELD name=\"ra\" datatype=\"double\" unit=\"deg\"/><FIELD name=\"dec\" datatype=\"double\" unit=\"deg\"/>";
    let mut content = format!("{fields}<DATA><TABLEDATA>");
    for (ra, dec) in rows {
        write!(content, "<TR><TD>{ra}</TD><TD>{dec}</TD></TR>").expect("memory");
    }
    document(&(content + "</TABLEDATA></DATA>"), overflow)
}

fn document(table: &str, overflow: bool) -> Vec<u8> {
    let mark = if overflow { "<INFO name=\"QUERY_STATUS\" value=\"OVERFLOW\"/>" } else { "" };
    format!(
        "<?xml version=\"1.0\"?><VOTABLE version=\"1.4\"><RESOURCE type=\"results\">\
         <INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>{table}</TABLE>{mark}</RESOURCE></VOTABLE>"
    )
    .into_bytes()
}

fn failure(why: &str) -> String {
    format!(
        "<VOTABLE><RESOURCE><INFO name=\"QUERY_STATUS\" value=\"ERROR\">{why}</INFO></RESOURCE></VOTABLE>"
    )
}

async fn sync(State(inside): Shared, headers: HeaderMap, Form(fields): Fields) -> Response {
    if !inside.may(&headers) {
        return (StatusCode::UNAUTHORIZED, failure("sign in")).into_response();
    }
    match inside.answer(&fields) {
        Ok(answer) => answer.into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, failure(&why)).into_response(),
    }
}

async fn submit(State(inside): Shared, headers: HeaderMap, Form(fields): Fields) -> Response {
    if !inside.manners.has_jobs {
        return StatusCode::NOT_FOUND.into_response();
    }
    if !inside.may(&headers) {
        return (StatusCode::UNAUTHORIZED, failure("sign in")).into_response();
    }
    assert_eq!(fields.get("PHASE").map(String::as_str), Some("RUN"));
    let id = {
        let mut started = inside.started.lock().expect("no panic");
        *started += 1;
        *started
    };
    let job = Job { answer: inside.answer(&fields), looks: 0 };
    inside.jobs.lock().expect("no panic").insert(id, job);
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("/tap/async/{id}"))]).into_response()
}

async fn phase(State(inside): Shared, Path(id): Path<u64>) -> &'static str {
    let mut jobs = inside.jobs.lock().expect("no panic");
    let job = jobs.get_mut(&id).expect("a job");
    job.looks += 1;
    match (&job.answer, job.looks) {
        (_, 1) => "EXECUTING",
        (Ok(_), _) => "COMPLETED",
        (Err(_), _) => "ERROR",
    }
}

async fn error(State(inside): Shared, Path(id): Path<u64>) -> String {
    let jobs = inside.jobs.lock().expect("no panic");
    jobs.get(&id).and_then(|job| job.answer.as_ref().err()).map(|why| failure(why)).unwrap_or_default()
}

async fn result(State(inside): Shared, Path(id): Path<u64>) -> Response {
    let jobs = inside.jobs.lock().expect("no panic");
    let answer = jobs.get(&id).and_then(|job| job.answer.clone().ok());
    answer.map_or(StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

async fn delete(State(inside): Shared, Path(id): Path<u64>) -> StatusCode {
    inside.jobs.lock().expect("no panic").remove(&id);
    StatusCode::OK
}
