// Package docs holds the repository's pages to the repository: its tests fail
// when a page names what is not there.
package docs
