use std::borrow::Cow;

use super::*;

#[test]
fn fields_of_forms_are_redacted() {
    assert_eq!(query("user[password]=x&user[name]=y"), "user[password]=REDACTED&user[name]=y");
    assert_eq!(query("user%5Bpassword%5D=x&a=b"), "user%5Bpassword%5D=REDACTED&a=b");
    assert_eq!(query("oauth_token=x&x-api-key=y&]=z&[=z"), "oauth_token=REDACTED&x-api-key=REDACTED&]=z&[=z");
}

#[test]
fn each_name_in_the_key_of_a_field_is_checked() {
    for (given, expected) in [
        ("token[]=x&a[]=y", "token[]=REDACTED&a[]=y"),
        ("token[0]=x", "token[0]=REDACTED"),
        ("user[password][]=x", "user[password][]=REDACTED"),
        ("user.password=x&user.name=y", "user.password=REDACTED&user.name=y"),
        ("%75ser%5Btoken%5D%5B%5D=x", "%75ser%5Btoken%5D%5B%5D=REDACTED"),
        ("a.b=c&.=d&..token=e", "a.b=c&.=d&..token=REDACTED"),
    ] {
        assert_eq!(query(given), expected);
    }
}

#[test]
fn urls_within_values_are_searched() {
    for (given, expected) in [
        ("next=https://x/cb?token=y&a=b", "next=REDACTED&a=b"),
        ("next=/cb%3Ftoken%3Dy%26page%3D2", "next=REDACTED"),
        ("next=%2Fcb%3fTOKEN%3dy", "next=REDACTED"),
        ("next=/cb%23access_token=y", "next=REDACTED"),
        ("next=https%3A%2F%2Fann%3Apw%40x%2F", "next=REDACTED"),
        ("next=https://ann:pw@x/", "next=REDACTED"),
        ("next=%252Fcb%253Ftoken%253Dy", "next=REDACTED"),
        ("a=/x?b=/y?c=/z?d=/0?e=/1?f=2", "a=REDACTED"),
        ("next=/cb%3Fpage%3D2", "next=/cb%3Fpage%3D2"),
        ("email=ann%40example.com", "email=ann%40example.com"),
        ("email=ann@example.com&q=what%3F", "email=ann@example.com&q=what%3F"),
        ("a=%3F%23%40%&b=%25", "a=%3F%23%40%&b=%25"),
    ] {
        assert_eq!(query(given), expected);
        assert_eq!(url(&format!("/login?{given}")), format!("/login?{expected}"));
    }
}

#[test]
fn parameters_of_paths_are_redacted() {
    for (given, expected) in [
        ("/a;jsessionid=x", "/a;jsessionid=REDACTED"),
        ("/a;jsessionid=x/b;v=1;token=y", "/a;jsessionid=REDACTED/b;v=1;token=REDACTED"),
        ("/a;v=1/b;c", "/a;v=1/b;c"),
        ("/token=x/;", "/token=x/;"),
        ("/a;token=x;", "/a;token=REDACTED;"),
        (";", ";"),
    ] {
        assert_eq!(path(given), expected);
        assert_eq!(url(&format!("https://h{given}?b=c")), format!("https://h{expected}?b=c"));
    }
    assert_eq!(path("/token=x"), "/token=x", "not a parameter");
}

#[test]
fn relative_urls_in_headers_are_redacted() {
    for (given, expected) in [
        ("cb?token=x", "cb?token=REDACTED"),
        ("?token=x", "?token=REDACTED"),
        ("0; url=/a?token=x", "0; url=/a?token=REDACTED"),
        ("a#access_token=x", "a#access_token=REDACTED"),
        ("text/html; q=0.8", "text/html; q=0.8"),
    ] {
        assert_eq!(header_value("Location", given), expected);
    }
    for name in ["X-GitLab-Token", "x-vault-token", "Service-Api-Key", "x-forwarded-authorization", "dpop"] {
        assert!(is_credential_header(name), "{name}");
    }
    for name in ["accept", "token", "x-request-id", "-", ""] {
        assert!(!is_credential_header(name), "{name}");
    }
}

#[test]
fn queries() {
    for (given, expected) in [
        ("", ""),
        ("a=1&b=2", "a=1&b=2"),
        ("sig=abc", "sig=REDACTED"),
        ("a=1&X-Amz-Signature=f&b", "a=1&X-Amz-Signature=REDACTED&b"),
        ("TOKEN=a=b", "TOKEN=REDACTED"),
        ("t%6fken=a", "t%6fken=REDACTED"),
        ("token=", "token="),
        ("token", "token"),
        ("tokens=a&mytoken=b", "tokens=a&mytoken=b"),
        ("%=1&%zz=2&%6=3&token%=4", "%=1&%zz=2&%6=3&token%=4"),
        ("token=a&token=b", "token=REDACTED&token=REDACTED"),
        ("ключ=ä&key=ö", "ключ=ä&key=REDACTED"),
        ("a=1;token=x", "a=1;token=REDACTED"),
        ("token=x;page=2&b=1", "token=REDACTED&b=1"),
        ("a=1;b=2&sig=x;y=z;&c=3;d", "a=1;b=2&sig=REDACTED&c=3;d"),
        ("token=;a=1", "token=;a=1"),
        ("a;token=x&token=y", "a;token=REDACTED&token=REDACTED"),
        (";;&&token=x", ";;&&token=REDACTED"),
    ] {
        assert_eq!(query(given), expected);
    }
}

#[test]
fn urls() {
    for (given, expected) in [
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("https://ann@example.com", "https://REDACTED@example.com"),
        ("https://ann:p@ss@example.com:1/@x", "https://REDACTED:REDACTED@example.com:1/@x"),
        ("ann:pw@example.com", "REDACTED:REDACTED@example.com"),
        ("https://example.com/a@b?c=@", "https://example.com/a@b?c=@"),
        ("/cb#access_token=x&state=1", "/cb#access_token=REDACTED&state=1"),
        ("redis://:pw@host/0", "redis://REDACTED:REDACTED@host/0"),
        ("//", "//"),
        ("@", "REDACTED@"),
        ("/a?b=1;token=x#access_token=y;z", "/a?b=1;token=REDACTED#access_token=REDACTED"),
    ] {
        assert_eq!(url(given), expected);
    }
}

#[test]
fn long_urls_are_cut() {
    let long = format!("/{}", "ä".repeat(15_000));
    assert_eq!(path(&long).len(), MAX_URL_LENGTH - 1);
    assert_eq!(url(&long).len(), MAX_URL_LENGTH - 1);
    assert_eq!(query(&"a=1&".repeat(8_000)).len(), MAX_URL_LENGTH);
    let with_secrets = format!("https://ann:{}@example.com/?token={}", "p".repeat(9_000), "t".repeat(9_000));
    assert_eq!(url(&with_secrets), "https://REDACTED:REDACTED@example.com/?token=REDACTED");
    assert_eq!(query(&format!("token={}", "t".repeat(9_000))), "token=REDACTED");
    assert!(url(&format!("https://example.com/{}?sig=x", "a".repeat(5_000))).len() <= MAX_URL_LENGTH);
}

#[test]
fn urls_in_headers_are_redacted() {
    for (value, expected) in [
        ("https://example.com/a?token=x", "https://example.com/a?token=REDACTED"),
        ("/login?a=1;code=x", "/login?a=1;code=REDACTED"),
        (
            "5; url=https://me:pw@example.com/?sig=x",
            "5; url=https://REDACTED:REDACTED@example.com/?sig=REDACTED",
        ),
        ("<https://example.com/?key=x>; rel=next", "<https://example.com/?key=REDACTED"),
        ("text/html; charset=utf-8", "text/html; charset=utf-8"),
        ("token=x", "token=x"),
        ("ann@example.com", "ann@example.com"),
    ] {
        assert_eq!(header_value("x-tenant", value), expected);
    }
}

#[test]
fn nothing_is_allocated_without_secrets() {
    assert!(matches!(query("a=1&page=2"), Cow::Borrowed(_)));
    assert!(matches!(url("https://example.com/a?page=2"), Cow::Borrowed(_)));
}
