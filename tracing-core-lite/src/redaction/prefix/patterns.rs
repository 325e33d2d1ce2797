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
    /// The credentials of an HTTP scheme, after spaces or punctuation.
    Credentials,
    /// Everything up to white space or a quotation mark.
    Url,
    /// Everything up to the end of the text.
    Rest,
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
    Pattern { prefix, detector, tail: Tail::Credentials, min: 6, digits: 0, keeps_prefix: true }
}

const fn private_key(prefix: &'static str, tail: Tail) -> Pattern {
    Pattern { prefix, detector: Detector::PrivateKey, tail, min: 0, digits: 0, keeps_prefix: false }
}

const fn webhook(prefix: &'static str, min: usize) -> Pattern {
    Pattern { prefix, detector: Detector::VendorToken, tail: Tail::Url, min, digits: 0, keeps_prefix: true }
}

const fn jwt(prefix: &'static str) -> Pattern {
    Pattern { prefix, detector: Detector::Jwt, tail: Tail::Jwt, min: 0, digits: 0, keeps_prefix: false }
}

/// All patterns. Prefixes match in upper and lower case, because some programs change the case of what they log.
pub(super) const PATTERNS: &[Pattern] = &[
    private_key("-----BEGIN", Tail::Pem),
    private_key("---- BEGIN", Tail::Pem),
    private_key("PuTTY-User-Key-File-", Tail::Rest),
    scheme("Bearer", Detector::Bearer),
    scheme("Basic", Detector::Basic),
    jwt("eyJ"),
    jwt("eyA"),
    jwt("ewo"),
    jwt("ew0K"),
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
    vendor("glrtr-", 18),
    vendor("glffct-", 16),
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
    vendor("xoxd-", 16),
    vendor("xwfp-", 20),
    webhook("hooks.slack.com/services/", 20),
    webhook("hooks.slack.com/workflows/", 20),
    webhook("hooks.slack.com/triggers/", 20),
    // Other webhooks
    webhook("webhook.office.com/webhookb2/", 30),
    webhook("discord.com/api/webhooks/", 40),
    webhook("discordapp.com/api/webhooks/", 40),
    webhook("api.telegram.org/bot", 30),
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
    vendor("gsk_", 40),
    vendor("xai-", 60),
    vendor("r8_", 35),
    vendor("nvapi-", 40),
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
    vendor("shppa_", 24),
    vendor("shippo_live_", 32),
    vendor("shippo_test_", 32),
    vendor("FLWSECK_TEST-", 12),
    vendor("FLWSECK-", 20),
    vendor("EZAK", 54),
    vendor("EZTK", 54),
    vendor_token("amzn.mws.", 30),
    vendor("duffel_test_", 40),
    vendor("duffel_live_", 40),
    // Secret stores and infrastructure
    vendor_token("ops_ey", 60),
    vendor("AGE-SECRET-KEY-1", 40),
    Pattern {
        prefix: "hvs.",
        detector: Detector::VendorToken,
        tail: Tail::Token,
        min: 24,
        digits: 2,
        keeps_prefix: false,
    },
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
    vendor_token("dp.st.", 30),
    vendor_token("dt0c01.", 60),
    vendor("dckr_pat_", 20),
    vendor("dckr_oat_", 20),
    vendor("tskey-", 20),
    vendor("pul-", 40),
    vendor("pscale_tkn_", 30),
    vendor("pscale_pw_", 30),
    vendor("pscale_oauth_", 30),
    vendor("AVNS_", 16),
    vendor("sbp_", 40),
    vendor("pnu_", 36),
    vendor_token("eyJrIjoi", 60),
    vendor("LTAI", 20),
    // Other services
    vendor_token("SG.", 40),
    vendor_token("ATATT3", 60),
    vendor_token("ATCTT3", 60),
    vendor("lin_oauth_", 32),
    vendor("xkeysib-", 60),
    vendor("xsmtpsib-", 60),
    vendor("rdme_", 60),
    vendor("p8e-", 32),
    vendor("tfp_", 40),
    vendor("phx_", 30),
    vendor("AQVN", 35),
    vendor("dnkey-", 60),
    vendor("EAACEdEose0cBA", 20),
    vendor("ntn_", 40),
    vendor("lin_api_", 32),
    vendor("PMAK-", 40),
    vendor("figd_", 32),
    vendor("s-s4t2ud-", 40),
    vendor("s-s4t2af-", 40),
];
