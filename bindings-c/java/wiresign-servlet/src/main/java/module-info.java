/** A servlet filter that lets a request through only when its signature holds. */
module dev.wiresign.servlet {
    requires transitive dev.wiresign;
    requires transitive jakarta.servlet;
    requires org.slf4j;

    exports dev.wiresign.servlet;
}
