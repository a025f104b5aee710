/* SPDX-License-Identifier: MIT */
/* What the tests of URLs sign, with the keys of AWS's examples. */
#ifndef PRESIGN_EXAMPLE_H
#define PRESIGN_EXAMPLE_H

#define NOON 1543579200 /* 2018-11-30T12:00:00Z */
#define NAME "photos/\xc3\xa4 b+c.jpg"
#define PATH "/photos/%C3%A4%20b%2Bc.jpg"

#define GLOBAL  "https://examplebucket.s3.amazonaws.com"
#define FRA     "eu-central-1"
#define V2      "?AWSAccessKeyId=AKIDEXAMPLE&Signature="
#define EXPIRES "&Expires=1543582800"
#define V4_(region, token)                                                   \
	"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F"   \
	"20181130%2F" region "%2Fs3%2Faws4_request&X-Amz-Date="              \
	"20181130T120000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host" token \
	"&X-Amz-Signature="
#define V4(region)  "?" V4_(region, "")
#define DISPOSITION "attachment; filename=\"x y.jpg\""
#define DISPOSITION_QUERY                                              \
	"?response-content-disposition=attachment%3B%20filename%3D%22" \
	"x%20y.jpg%22"

#define ACCESS_KEY "AKIDEXAMPLE"
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* Made for the tests with openssl genrsa; it guards nothing. */
#define RSA_KEY                                                              \
	"-----BEGIN RSA PRIVATE KEY-----\n"                                  \
	"MIICXQIBAAKBgQDuG6aUfylz/Q9VBpszPY8C389SAA5GKNsU+00vgzldNM8Sl8Wn\n" \
	"L51aqhRp3CwlcCcvMOxmMp7I1ELqpoCc5bd3vTKFWhWFYhlKeKT/D1BDhvFfUD9T\n" \
	"4MnvIAjBWHnaAIhHQ8Ki5ko4/GZuVd8NOB+chiDo8aS8TB7K91XVCBClZwIDAQAB\n" \
	"AoGBAJ4mHXFaOKVCetGFjsXs6DUHhIM5aEGvVzxLYcviA9LlhXga+HwAAyq59s8N\n" \
	"HwFKyavtecazboWDfmKubpRHe6AzJGABamSJ0z63duYECDCgHan2asrCvhJ2KM17\n" \
	"qck2tGSZ9oAeckG9ObFmhTrkedRyfCH+EKtFc/jlHPnxg1BhAkEA/VmkgWqDjwFF\n" \
	"Fq+SluG9/d/FWo3Xs/TtE+1PJlMkWOzo7GsL2rZZ32x4qxmspTWJgELScwa1vMzZ\n" \
	"he/RNoTBEQJBAPCZMk0kPbwEfJDK3W+LS03zKoMANXsQXXfcHr7nIp4WcPbzIMIb\n" \
	"toNLO7dOTilqDd6DcGj+jP16bUURNue0fvcCQCGGGx6E2aOyp1G5KcyNUnalhZfV\n" \
	"7RUC89wPKsoHdmfN8YRXJdprBrlpwQ3i99VkoC04qmBOIv44nQ/8C9MK/gECQAWO\n" \
	"5HSXw71WNTJ7HUZ4Z1LzrSW9mX6wUBh2w1cRq+EPD6kE0NrrHPpHgKepbXDTfGKJ\n" \
	"ks06JDOu4ltYHHaZ2t0CQQDtpUhaVKkBmWK6Xxc4/nCuGOjOb4q5byVIwOiRhmFk\n" \
	"SoO8dtR2phlA0G2x/j/oaI7/Zyb0zD62tpwajpjrLint\n"                     \
	"-----END RSA PRIVATE KEY-----\n"

#endif
