#!/usr/bin/perl
# A driver of somebody else, written after conformance/README.md alone: webhooks of one sender, on Perl's own modules.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use JSON::PP;
use MIME::Base64 qw(decode_base64);

my $json = JSON::PP->new->utf8->canonical;
$| = 1;

sub octets {
    my ($text) = @_;
    return decode_base64($text->{base64}) if ref $text;
    utf8::encode($text);
    return $text;
}

sub refuse {
    my ($config, $id, $status, $code, $sentence) = @_;
    my $shown = defined $id ? $json->allow_nonref->encode($id) : 'null';
    my $realm = $status == 401 ? qq(Wiresign realm="$config->{service}") : undef;
    my $body = qq({"error":"$sentence","code":"$code","requestId":$shown});
    my $response = { status => $status, body => $body, www_authenticate => $realm };
    return { refused => { code => $code, status => $status, response => $response, request_id => $id } };
}

sub verify {
    my ($config, $env, $request) = @_;
    my %header = map { lc $_->[0] => octets($_->[1]) } @{ $request->{headers} };
    my ($id, $signature) = @header{ 'x-request-id', 'x-hub-signature-256' };
    return refuse($config, $id, 401, 'AUTHENTICATION_REQUIRED', 'Authentication is required.') unless defined $signature;
    my ($tag) = $signature =~ /\Asha256=([0-9a-f]{64})\z/
        or return refuse($config, $id, 401, 'MALFORMED_SIGNATURE', 'The signature does not have the form of its scheme.');
    my ($name) = $config->{accept}[0] =~ /\Awebhook:(.*)\z/;
    for my $key (@{ $config->{webhooks}{$name}{keys} }) {
        my ($variable) = $key->{secret} =~ /\Aenv:(.*)\z/;
        next if hmac_sha256_hex(octets($request->{body}), $env->{$variable}) ne $tag;
        return { ok => { service => "webhook:$name", key => $key->{id}, scheme => 'github', age => undef, request_id => $id,
            route => undef, retiring => JSON::PP::false, public => JSON::PP::false, covered => ['body'], replay_key => undef } };
    }
    return refuse($config, $id, 401, 'INVALID_SIGNATURE', 'The signature does not match the request.');
}

print $json->encode({ protocol => 1, binding => 'perl', version => '0.1.0', runtime => "Perl $^V", capabilities => ['verify'] }), "\n";
while (my $line = <STDIN>) {
    my $question = $json->decode($line);
    my @results = map { verify($question->{config}, $question->{env}, $_->{request}) } @{ $question->{steps} };
    print $json->encode({ id => $question->{id}, results => \@results }), "\n";
}
