// Rebuild reads a record in the files of C2SP tlog-tiles and holds it against its signed checkpoint.
//
// It shares nothing with the platform: the hashing, the tree, the note and its signature are those of
// golang.org/x/mod, which the Go checksum database runs on. Entries alone are read, so that no tile is believed.
//
// Usage: rebuild FOLDER VKEY. It prints the size and the root, or the reason on standard error, with exit code 1.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight  = 8
	bundleWidth = 1 << tileHeight
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: rebuild FOLDER VKEY")
		os.Exit(2)
	}
	size, root, err := rebuild(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(size, root)
}

// rebuild returns the size and the root of a record that is what its checkpoint says.
func rebuild(folder, vkey string) (int64, tlog.Hash, error) {
	size, signed, err := checkpoint(filepath.Join(folder, "checkpoint"), vkey)
	if err != nil {
		return 0, tlog.Hash{}, fmt.Errorf("checkpoint: %w", err)
	}
	var stored storage
	for first := int64(0); first < size; first += bundleWidth {
		width := bundleWidth
		if size-first < bundleWidth {
			width = int(size - first)
		}
		path := bundlePath(first/bundleWidth, width)
		entries, err := bundle(filepath.Join(folder, path), width)
		if err != nil {
			return 0, tlog.Hash{}, fmt.Errorf("%s: %w", path, err)
		}
		for at, entry := range entries {
			hashes, err := tlog.StoredHashes(first+int64(at), entry, &stored)
			if err != nil {
				return 0, tlog.Hash{}, fmt.Errorf("entry %d: %w", first+int64(at), err)
			}
			stored = append(stored, hashes...)
		}
	}
	root, err := tlog.TreeHash(size, &stored)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	if root != signed {
		return 0, tlog.Hash{}, fmt.Errorf("the entries lead to the root %s, signed is %s", root, signed)
	}
	return size, root, nil
}

// checkpoint returns what the note says once the signature of the key is verified; other signatures are ignored.
func checkpoint(path, vkey string) (int64, tlog.Hash, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	opened, err := note.Open(content, note.VerifierList(verifier))
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		return 0, tlog.Hash{}, errors.New("it has less than three lines")
	}
	if lines[0] != verifier.Name() {
		return 0, tlog.Hash{}, fmt.Errorf("its origin is %q, the key is of %q", lines[0], verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return 0, tlog.Hash{}, fmt.Errorf("%q is no size", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	return size, root, err
}

// bundlePath returns where a bundle is. The Go checksum database names its tiles alike, with the height in front.
func bundlePath(index int64, width int) string {
	tile := tlog.Tile{H: tileHeight, L: -1, N: index, W: width}
	return "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/data/")
}

// bundle returns the entries of a bundle, each behind its length of two bytes.
func bundle(path string, width int) ([][]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(content) > 0 {
		if len(content) < 2 {
			return nil, errors.New("a length is cut off")
		}
		length := int(binary.BigEndian.Uint16(content))
		content = content[2:]
		if length == 0 || length > len(content) {
			return nil, fmt.Errorf("entry %d of the bundle is empty or cut off", len(entries))
		}
		entries = append(entries, content[:length])
		content = content[length:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("it has %d entries, not %d", len(entries), width)
	}
	return entries, nil
}

// storage keeps every hash of the tree in the order of golang.org/x/mod/sumdb/tlog.
type storage []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (s *storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, len(indexes))
	for _, index := range indexes {
		if index >= int64(len(*s)) {
			return nil, fmt.Errorf("hash %d is not there yet", index)
		}
		hashes = append(hashes, (*s)[index])
	}
	return hashes, nil
}
