package dev.wiresign.servlet;

import dev.wiresign.Header;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sends bytes as they stand, and reads the answer until the server closes. */
record RawClient(int port) {
    private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: (\\d+)\r\n");

    /**
     * An answer.
     *
     * @param status the status
     * @param head all of the head, in lower case
     * @param body the body
     */
    record Answer(int status, String head, String body) {}

    Answer send(String requestLine, List<Header> headers, byte[] body) throws IOException {
        StringBuilder head = new StringBuilder(requestLine).append(" HTTP/1.1\r\nHost: localhost:").append(port).append("\r\nConnection: close\r\n");
        headers.forEach(header -> head.append(header.name()).append(": ").append(header.value()).append("\r\n"));
        boolean isFramed = headers.stream().anyMatch(header -> header.name().equalsIgnoreCase("Transfer-Encoding") || header.name().equalsIgnoreCase("Content-Length"));
        if (body.length > 0 && !isFramed) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        head.append("\r\n");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
        all.writeBytes(body);
        return send(all.toByteArray());
    }

    Answer send(byte[] bytes) throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            String head = head(socket.getInputStream());
            Matcher length = LENGTH.matcher(head);
            // A server may wait for the rest of a request that it has answered, so the end of the connection is not awaited.
            byte[] rest = length.find()
                    ? socket.getInputStream().readNBytes(Integer.parseInt(length.group(1)))
                    : socket.getInputStream().readAllBytes();
            String body = new String(rest, StandardCharsets.ISO_8859_1);
            boolean isChunked = head.contains("transfer-encoding: chunked");
            return new Answer(Integer.parseInt(head.substring(9, 12)), head, isChunked ? unchunked(body) : body);
        }
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the answer ended in its head: " + head);
            }
            head.append((char) next);
        }
        return head.toString().toLowerCase(Locale.ROOT);
    }

    private static String unchunked(String body) {
        StringBuilder all = new StringBuilder();
        int at = 0;
        while (true) {
            int end = body.indexOf("\r\n", at);
            int length = Integer.parseInt(body.substring(at, end), 16);
            if (length == 0) {
                return all.toString();
            }
            all.append(body, end + 2, end + 2 + length);
            at = end + 2 + length + 2;
        }
    }
}
