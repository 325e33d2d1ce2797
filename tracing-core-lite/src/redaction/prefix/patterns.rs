//! Secrets that start with a fixed prefix.

use crate::redaction::Detector;

/// The characters of a secret after its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Letters, digits, `_` and `-`.
    Word,
    /// Upper-case letters and digits. Letters in lower case end the token.
    UpperAlphanumeric,
    /// Base64 in either alphabet, with padding, dots and percent-encoded characters.
    Token,
    /// Two parts of base64url with a dot between them, and an optional third one.
    Jwt,
    /// Everything up to the end of the PEM block.
    Pem,
}

/// A prefix, and what must follow for the text to be a secret.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) prefix: &'static str,
    pub(super) detector: Detector,
    pub(super) tail: Tail,
    /// The minimum length of the tail, in bytes.
    pub(super) min: usize,
    /// The minimum number of digits in the tail, which distinguishes secrets from words.
    pub(super) digits: usize,
    /// Whether the prefix stays visible, because it is not part of the secret.
    pub(super) keeps_prefix: bool,
}

const fn vendor(prefix: &'static str, min: usize) -> Pattern {
    Pattern { prefix, detector: Detector::VendorToken, tail: Tail::Word, min, digits: 0, keeps_prefix: false }
}

const fn vendor_token(prefix: &'static str, min: usize) -> Pattern {
    Pattern {
        prefix,
        detector: Detector::VendorToken,
        tail: Tail::Token,
        min,
        digits: 0,
        keeps_prefix: false,
    }
}

const fn aws(prefix: &'static str, min: usize) -> Pattern {
    Pattern {
        prefix,
        detector: Detector::VendorToken,
        tail: Tail::UpperAlphanumeric,
        min,
        digits: 0,
        keeps_prefix: false,
    }
}

const fn scheme(prefix: &'static str, detector: Detector) -> Pattern {
    Pattern { prefix, detector, tail: Tail::Token, min: 8, digits: 0, keeps_prefix: true }
}

const fn jwt(prefix: &'static str) -> Pattern {
    Pattern { prefix, detector: Detector::Jwt, tail: Tail::Jwt, min: 0, digits: 0, keeps_prefix: false }
}

/// All patterns. Prefixes match in upper and lower case, because some programs change the case of what they log.
pub(super) const PATTERNS: &[Pattern] = &[
    Pattern {
        prefix: "-----BEGIN ",
        detector: Detector::PrivateKey,
        tail: Tail::Pem,
        min: 0,
        digits: 0,
        keeps_prefix: true,
    },
    scheme("Bearer ", Detector::Bearer),
    scheme("Bearer%20", Detector::Bearer),
    scheme("Bearer+", Detector::Bearer),
    scheme("Basic ", Detector::Basic),
    scheme("Basic%20", Detector::Basic),
    scheme("Basic+", Detector::Basic),
    jwt("eyJ"),
    jwt("eyA"),
    jwt("ewog"),
    // Amazon Web Services
    aws("AKIA", 16),
    aws("ASIA", 16),
    aws("ABIA", 16),
    aws("ACCA", 16),
    aws("A3T", 17),
    vendor_token("ABSK", 60),
    vendor_token("bedrock-api-key-", 20),
    // Google
    vendor("AIza", 35),
    vendor_token("ya29.", 20),
    vendor("GOCSPX-", 20),
    // GitHub and GitLab
    vendor("ghp_", 30),
    vendor("gho_", 30),
    vendor("ghu_", 30),
    vendor("ghs_", 30),
    vendor("ghr_", 30),
    vendor("github_pat_", 40),
    vendor("glpat-", 18),
    vendor("gldt-", 18),
    vendor("glsoat-", 18),
    vendor("glcbt-", 16),
    vendor("glimt-", 20),
    vendor("glptt-", 30),
    vendor("glagent-", 40),
    vendor("gloas-", 40),
    vendor("glrt-", 18),
    vendor("glft-", 18),
    vendor("GR1348941", 18),
    // Slack
    vendor("xoxa-", 16),
    vendor("xoxb-", 16),
    vendor("xoxe-", 16),
    vendor_token("xoxe.xox", 16),
    vendor("xoxo-", 16),
    vendor("xoxp-", 16),
    vendor("xoxr-", 16),
    vendor("xoxs-", 16),
    vendor("xapp-", 20),
    Pattern {
        prefix: "hooks.slack.com/services/",
        detector: Detector::VendorToken,
        tail: Tail::Token,
        min: 20,
        digits: 0,
        keeps_prefix: true,
    },
    Pattern {
        prefix: "hooks.slack.com/workflows/",
        detector: Detector::VendorToken,
        tail: Tail::Token,
        min: 20,
        digits: 0,
        keeps_prefix: true,
    },
    // Models
    Pattern {
        prefix: "sk-",
        detector: Detector::VendorToken,
        tail: Tail::Word,
        min: 32,
        digits: 2,
        keeps_prefix: false,
    },
    vendor("pplx-", 40),
    vendor("hf_", 30),
    vendor("api_org_", 30),
    // Payments
    vendor("sk_live_", 16),
    vendor("sk_test_", 16),
    vendor("sk_prod_", 16),
    vendor("rk_live_", 16),
    vendor("rk_test_", 16),
    vendor("rk_prod_", 16),
    vendor("whsec_", 24),
    vendor("sq0atp-", 20),
    vendor("sq0csp-", 40),
    vendor("EAAA", 50),
    vendor("shpat_", 24),
    vendor("shpss_", 24),
    vendor("shpca_", 24),
    // Secret stores and infrastructure
    vendor_token("ops_ey", 60),
    vendor("AGE-SECRET-KEY-1", 40),
    vendor_token("hvs.", 60),
    vendor_token("hvb.", 60),
    vendor("dapi", 32),
    vendor("dop_v1_", 40),
    vendor("doo_v1_", 40),
    vendor("dor_v1_", 40),
    vendor_token("fo1_", 40),
    vendor_token("fm1r_", 60),
    vendor_token("fm1a_", 60),
    vendor_token("fm2_", 60),
    vendor("HRKU-", 30),
    vendor_token("glc_", 24),
    vendor("glsa_", 24),
    vendor("sha256~", 40),
    vendor("ico-", 32),
    vendor("NRAK-", 24),
    vendor("CLOJARS_", 40),
    vendor_token("sntrys_", 60),
    vendor("sntryu_", 40),
    vendor("squ_", 32),
    vendor("sqp_", 32),
    vendor("sqa_", 32),
    vendor("sgp_", 32),
    vendor("npm_", 30),
    vendor("pypi-AgE", 40),
    vendor("rubygems_", 40),
    vendor_token("dp.pt.", 30),
    // Other services
    vendor_token("SG.", 40),
    vendor_token("ATATT3", 60),
    vendor("ntn_", 40),
    vendor("lin_api_", 32),
    vendor("PMAK-", 40),
    vendor("figd_", 32),
    vendor("s-s4t2ud-", 40),
    vendor("s-s4t2af-", 40),
];
