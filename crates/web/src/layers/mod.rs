//! What every request passes on its way in and out.

mod identification;
mod limits;

use std::any::Any;
use std::sync::Arc;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::answer::{OCTETS, PDF};
use crate::dispatch::dispatch;
use crate::failure::Failure;
use crate::state::AppState;
use crate::throttle::Throttle;

pub(crate) use identification::RequestId;
use limits::Admission;

/// All routes. The router matches nothing itself: paths are normalised first, and the table of
/// [`routes`](crate::routes) decides.
pub fn router(state: AppState) -> Router {
    let admission = Arc::new(Admission::new(state.limits));
    let throttle = Arc::new(Throttle::new(state.limits.requests_per_second));
    // A PDF is compressed inside, and so is a file of an export, of which clients ask for some bytes.
    let as_they_are = NotForContentType::const_new(PDF).and(NotForContentType::const_new(OCTETS));
    let worth_it = DefaultPredicate::new().and(as_they_are);
    // The last layer is the outermost.
    Router::new()
        .fallback(dispatch)
        .with_state(Arc::new(state))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| panicked(panic.as_ref())))
        .layer(Extension(throttle))
        .layer(from_fn_with_state(admission, limits::admit))
        .layer(CompressionLayer::new().compress_when(worth_it))
        .layer(from_fn(identification::identify))
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text");
    Failure::unexpected(format!("panic: {text}")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use testkit::contract::check_text;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_unexpected_error_and_its_text_stays_inside() {
        let failing = Router::new().fallback(|| async {
            let secret = "secret";
            assert_eq!(secret, "", "row 7");
        });
        let router = failing.layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| panicked(panic.as_ref())));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = std::str::from_utf8(&body).unwrap();
        assert_eq!(check_text("Error", text), []);
        assert!(!text.contains("secret") && !text.contains("row 7"), "{text}");
    }
}
