package dev.wiresign.servlet;

import dev.wiresign.AwsCredentials;
import dev.wiresign.Config;
import dev.wiresign.Signer;
import dev.wiresign.http.SigningClient;
import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** moto in the place of AWS, which verifies every signature and lets nobody ask who is not whom the signature says. */
public final class Aws implements AutoCloseable {
    /** Where it is. */
    public static final String REGION = "eu-central-1";
    /** Whose roles it has. */
    public static final String ACCOUNT = "123456789012";

    private static final AwsCredentials NOBODY = new AwsCredentials("AKIAIOSFODNN7NOBODY0", "of-nobody-while-nothing-is-checked", null);
    private static final String EVERYBODY =
            "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"*\"}, \"Action\": \"sts:AssumeRole\"}]}";
    private static final String ASK =
            "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"sts:GetCallerIdentity\", \"Resource\": \"*\"}]}";

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Process server;
    private final URI url;

    /** Starts it. */
    public Aws() throws IOException, InterruptedException {
        int port = freePort();
        url = URI.create("http://127.0.0.1:" + port + "/");
        server = new ProcessBuilder(
                        System.getProperty("wiresign.python"), "-m", "moto.server", "-H", "127.0.0.1", "-p", String.valueOf(port))
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!answers()) {
            if (!server.isAlive() || System.nanoTime() > end) {
                throw new IOException("moto does not start: " + System.getProperty("wiresign.python") + " needs moto[server]");
            }
            Thread.sleep(50);
        }
    }

    /** A port below those that the kernel gives to whoever names none, so that nobody gets it before it is used. */
    private static int freePort() throws IOException {
        while (true) {
            try (ServerSocket free = new ServerSocket(ThreadLocalRandom.current().nextInt(20_000, 32_000))) {
                return free.getLocalPort();
            } catch (BindException taken) {
                // Then another one.
            }
        }
    }

    /** Where it listens. */
    public URI url() {
        return url;
    }

    /** The credentials of a role, as a task of ECS gets them. */
    public AwsCredentials role(String name, String account) throws IOException, InterruptedException {
        checksSignaturesAfter(100);
        AwsCredentials setup = assume(NOBODY, "deploy", account, "setup");
        call(setup, "iam", Map.of("Action", "CreateRole", "Version", "2010-05-08", "RoleName", name, "AssumeRolePolicyDocument", EVERYBODY));
        call(setup, "iam", Map.of(
                "Action", "PutRolePolicy", "Version", "2010-05-08", "RoleName", name, "PolicyName", "ask", "PolicyDocument", ASK));
        AwsCredentials task = assume(setup, name, account, "task-1");
        checksSignaturesAfter(0);
        return task;
    }

    @Override
    public void close() {
        server.destroy();
        server.onExit().join();
    }

    private AwsCredentials assume(AwsCredentials by, String role, String account, String session) throws IOException, InterruptedException {
        String answer = call(by, "sts", Map.of(
                "Action", "AssumeRole", "Version", "2011-06-15", "RoleArn", "arn:aws:iam::" + account + ":role/" + role,
                "RoleSessionName", session));
        return new AwsCredentials(found("AccessKeyId", answer), found("SecretAccessKey", answer), found("SessionToken", answer));
    }

    private String call(AwsCredentials by, String service, Map<String, String> form) throws IOException, InterruptedException {
        String body = form.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        HttpRequest request = HttpRequest.newBuilder(url)
                .header("Content-Type", "application/x-www-form-urlencoded").POST(BodyPublishers.ofString(body)).build();
        String document = """
                {"service": "setup", "sign_with": "aws-sigv4", "aws_sigv4": {"region": "%s", "service": "%s"},
                 "services": {"setup": {}}}""".formatted(REGION, service);
        try (Config config = Config.parse(document);
                Signer signer = Signer.withAwsCredentials(config, null, by.accessKeyId(), by.secret(), by.sessionToken())) {
            HttpResponse<String> answer = new SigningClient(http, signer).send(request, BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException(form.get("Action") + ": " + answer.statusCode() + " " + answer.body());
            }
            return answer.body();
        }
    }

    private void checksSignaturesAfter(int calls) throws IOException, InterruptedException {
        http.send(
                HttpRequest.newBuilder(url.resolve("/moto-api/reset-auth")).POST(BodyPublishers.ofString(String.valueOf(calls))).build(),
                BodyHandlers.discarding());
    }

    private boolean answers() throws InterruptedException {
        try {
            http.send(HttpRequest.newBuilder(url.resolve("/moto-api/data.json")).build(), BodyHandlers.discarding());
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    private static String found(String tag, String answer) throws IOException {
        Matcher match = Pattern.compile("<" + tag + ">([^<]+)</" + tag + ">").matcher(answer);
        if (!match.find()) {
            throw new IOException("no " + tag + " in " + answer);
        }
        return match.group(1);
    }
}
