use cardinal::dbt::DbtAddresses;

fn addresses(host: &str, prefix: Option<&str>) -> [String; 3] {
    let found = DbtAddresses::of_host(host, prefix).unwrap();
    [found.administrative, found.discovery, found.semantic_layer].map(|url| url.to_string())
}

#[test]
fn each_api_has_its_host() {
    for (host, prefix, wanted) in [
        (
            "cloud.getdbt.com",
            None,
            [
                "https://cloud.getdbt.com/",
                "https://metadata.cloud.getdbt.com/",
                "https://semantic-layer.cloud.getdbt.com/",
            ],
        ),
        (
            "emea.dbt.com",
            None,
            [
                "https://emea.dbt.com/",
                "https://metadata.emea.dbt.com/",
                "https://semantic-layer.emea.dbt.com/",
            ],
        ),
        (
            "us1.dbt.com",
            Some("ab123"),
            [
                "https://ab123.us1.dbt.com/",
                "https://ab123.metadata.us1.dbt.com/",
                "https://ab123.semantic-layer.us1.dbt.com/",
            ],
        ),
        (
            " https://ab123.eu1.dbt.com/ ",
            None,
            [
                "https://ab123.eu1.dbt.com/",
                "https://ab123.metadata.eu1.dbt.com/",
                "https://ab123.semantic-layer.eu1.dbt.com/",
            ],
        ),
        (
            "dbt.example.org:8443",
            None,
            [
                "https://dbt.example.org:8443/",
                "https://metadata.dbt.example.org:8443/",
                "https://semantic-layer.dbt.example.org:8443/",
            ],
        ),
        (
            "http://127.0.0.1:9000",
            None,
            [
                "http://127.0.0.1:9000/",
                "http://127.0.0.1:9000/",
                "http://127.0.0.1:9000/",
            ],
        ),
    ] {
        assert_eq!(addresses(host, prefix), wanted, "{host}");
    }
}

#[test]
fn what_is_no_host_is_refused() {
    for (host, said) in [
        ("", "is not a host"),
        ("https://cloud.getdbt.com/deploy/1", "write the host alone"),
        ("cloud.getdbt.com/?x=1", "write the host alone"),
        ("http://cloud.getdbt.com", "not sent without TLS"),
        ("ftp://cloud.getdbt.com", "only http:// and https://"),
        (
            "https://ana:secret@cloud.getdbt.com",
            "may not hold a name or password",
        ),
    ] {
        let problem = DbtAddresses::of_host(host, None).unwrap_err();
        assert!(problem.contains(said), "{host}: {problem}");
        assert!(!problem.contains("secret"), "{problem}");
    }
}
