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

#endif
