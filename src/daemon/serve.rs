//! The server and what it answers from, kept level with the log. It never crawls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{TICK, settings};
use crate::config::Config;
use crate::edition::Edition;
use crate::pipeline::Line;
use crate::web::{self, Bodies, Limits, Site};

/// What the server answers from. It is ready once the edition is level with the log.
pub fn site(config: &Config, edition: Arc<Edition>, line: &Line) -> Site {
    Site {
        edition,
        store: line.store.clone(),
        bodies: Bodies::default(),
        limits: Limits::new(config.server.requests_per_minute, config.server.trusted_proxies.clone()),
        clock: line.clock.clone(),
        metrics: recorder(),
        ready: AtomicBool::new(false),
        bot: settings::bot(config),
        archive: line.archive.clone(),
        network: line.fetcher.network().clone(),
    }
}

pub(super) async fn serve(listener: TcpListener, site: Arc<Site>, stop: CancellationToken) {
    let service = web::router(site).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "the server ended");
        stop.cancel();
    }
}

/// Keeps the edition level with the log.
pub(super) async fn follow(site: Arc<Site>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match site.edition.follow().await {
            Ok(_) => site.ready.store(true, Ordering::Release),
            Err(error) => tracing::error!(%error, "unable to follow the log"),
        }
        tokio::select! { () = tokio::time::sleep(TICK) => {}, () = stop.cancelled() => {} }
    }
}

/// The recorder of this process; a second daemon in one process, as in tests, shares the first one's.
fn recorder() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            if let Err(error) = metrics::set_global_recorder(recorder) {
                tracing::warn!(%error, "metrics stay empty");
            }
            handle
        })
        .clone()
}
