//! Why TLS gives no connection, in words that say what to see to. It changes nothing of what is accepted.

use std::error::Error;

use rustls::CertificateError;

/// The error of TLS in a cause, if it is one; I/O errors, one in another, hide it from the chain.
pub(super) fn of<'a>(mut cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    while let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        cause = inner;
    }
    cause.downcast_ref()
}

pub(super) fn words(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(why) = error else { return error.to_string() };
    let known = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "it is for another name",
        CertificateError::UnknownIssuer => "its issuer is not known here",
        CertificateError::Revoked => "it was revoked",
        // What is told of an end that is an authority of its own.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => "it is signed by itself",
        other => return other.to_string(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use rustls::{CertificateError, Error, OtherError};

    use super::words;

    #[derive(Debug, thiserror::Error)]
    #[error("CaUsedAsEndEntity")]
    struct CaUsedAsEndEntity;

    #[test]
    fn a_certificate_is_refused_in_words_and_not_in_names_of_types() {
        let by_itself = CertificateError::Other(OtherError(std::sync::Arc::new(CaUsedAsEndEntity)));
        for (why, said) in [
            (CertificateError::Expired, "it has expired"),
            (CertificateError::UnknownIssuer, "its issuer is not known here"),
            (CertificateError::NotValidForName, "it is for another name"),
            (by_itself, "it is signed by itself"),
        ] {
            assert_eq!(words(&Error::InvalidCertificate(why)), said);
        }
    }
}
