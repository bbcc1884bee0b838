/** Signs and verifies HTTP requests between services. */
module dev.wiresign {
    requires transitive java.net.http;

    exports dev.wiresign;
    exports dev.wiresign.http;
}
