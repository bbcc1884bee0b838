/** The request does not hold; the message is the code. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String code) {
        super(code, null, false, false);
    }
}
