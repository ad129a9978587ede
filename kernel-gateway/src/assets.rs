//! The static files of our own pages, built into the program.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

/// `GET /static/nearside.css`.
pub async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("../assets/nearside.css"))
}

/// `GET /static/progress.js`.
pub async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../assets/progress.js"))
}

/// `GET /static/notebook.js`.
pub async fn notebook_script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../assets/notebook.js"))
}

/// `GET /static/icon.svg`.
pub async fn icon() -> Response {
    file("image/svg+xml", include_str!("../assets/icon.svg"))
}

fn file(media_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("max-age=300")),
    ];
    (headers, text).into_response()
}
