//! Signatures of tokens, checked by the library that also speaks TLS. Nothing is ever signed.

use ::ring::signature::{self as ring, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result, new_error},
    signature::{Error as Mismatch, Verifier},
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Check { algorithm: *algorithm, key: key.clone(), how: how(*algorithm)? }))
    },
    // Only for making JWKs, which nothing here does.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes [`PROVIDER`] the one of this process. One that is there already stays.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

struct Check {
    algorithm: Algorithm,
    key: DecodingKey,
    how: How,
}

enum How {
    Rsa(&'static RsaParameters),
    Curve(AlgorithmFamily, &'static dyn ring::VerificationAlgorithm),
}

/// RFC 7518, section 3.1, and RFC 8037, section 3.1. RSA keys have at least 2048 bits, as RFC 7518,
/// section 3.3, demands.
fn how(algorithm: Algorithm) -> Result<How> {
    Ok(match algorithm {
        Algorithm::RS256 => How::Rsa(&ring::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => How::Rsa(&ring::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => How::Rsa(&ring::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => How::Rsa(&ring::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => How::Rsa(&ring::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => How::Rsa(&ring::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => How::Curve(AlgorithmFamily::Ec, &ring::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => How::Curve(AlgorithmFamily::Ec, &ring::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => How::Curve(AlgorithmFamily::Ed, &ring::ED25519),
        _ => return Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    })
}

impl Verifier<Vec<u8>> for Check {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Mismatch> {
        let result = match (&self.how, self.key.kind()) {
            (How::Rsa(how), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let key = RsaPublicKeyComponents { n: trimmed(n), e: trimmed(e) };
                key.verify(how, message, signature)
            }
            (How::Curve(family, how), DecodingKeyKind::SecretOrDer(point))
                if self.key.family() == *family =>
            {
                UnparsedPublicKey::new(*how, point).verify(message, signature)
            }
            // A key of another kind than the algorithm's.
            _ => return Err(Mismatch::new()),
        };
        result.map_err(|_| Mismatch::new())
    }
}

impl JwtVerifier for Check {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// Some issuers put a zero before the number, which RFC 7518, section 2 (Base64urlUInt), forbids.
fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}
