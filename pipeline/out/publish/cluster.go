package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/schemas/problem"
)

// Server is a server of a cluster, or one without a cluster.
type Server struct {
	*Conn
	Shard int // from 0; -1 = it receives queries and has no rows
}

// Servers are all servers, and the number of their shards. The first one is the server of the dsn.
type Servers struct {
	All    []*Server
	Shards int
}

// Of returns the servers of a shard: each has all of its rows.
func (n *Servers) Of(shard int) []*Server {
	var out []*Server
	for _, one := range n.All {
		if one.Shard == shard {
			out = append(out, one)
		}
	}
	return out
}

// Holders returns the servers that have rows.
func (n *Servers) Holders() []*Server {
	return slices.DeleteFunc(slices.Clone(n.All), func(one *Server) bool { return one.Shard < 0 })
}

// Close closes the connections.
func (n *Servers) Close() error {
	var err error
	for _, one := range n.All {
		err = errors.Join(err, one.Close())
	}
	return err
}

// EachServer calls do for every server concurrently.
func EachServer(ctx context.Context, list []*Server, do func(context.Context, *Server) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, n := range list {
		group.Go(func() error { return do(ctx, n) })
	}
	return group.Wait()
}

// NoClusterError reports that the server does not know the cluster.
type NoClusterError struct {
	Server, Cluster string
	Known           []string
}

// ServerError names the cluster.
func (e *NoClusterError) Error() string {
	return fmt.Sprintf("clickhouse %s: no cluster %q in system.clusters", e.Server, e.Cluster)
}

// Diagnosis implements problem.Diagnosed.
func (e *NoClusterError) Diagnosis() (problem.Class, string) {
	return problem.Failed, fmt.Sprintf("set clickhouse.cluster to one of %q", e.Known)
}

// ConnectAll connects to the server of the dsn and, with a cluster, to every server of it.
func ConnectAll(ctx context.Context, o ServerOptions, cluster string) (all *Servers, err error) {
	o.Database = "system" // statements qualify names: the database may not exist yet
	first, err := OpenServer(ctx, o)
	if err != nil {
		return nil, err
	}
	all = &Servers{All: []*Server{{Conn: first}}, Shards: 1}
	if cluster == "" {
		return all, nil
	}
	members, err := readCluster(ctx, first, cluster)
	if err != nil {
		return nil, errors.Join(err, all.Close())
	}
	all.All[0].Shard = -1
	for _, m := range members {
		all.Shards = max(all.Shards, m.shard+1)
		if m.local {
			all.All[0].Shard = m.shard
			continue
		}
		conn, err := OpenServer(ctx, o.At(m.host, m.port))
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all.All = append(all.All, &Server{Conn: conn, Shard: m.shard})
	}
	return all, nil
}

// member is a server in system.clusters.
type member struct {
	host  string
	port  int
	shard int
	local bool
}

// readCluster lists a cluster's servers by shard and replica.
func readCluster(ctx context.Context, c *Conn, cluster string) ([]member, error) {
	var list []member
	var host string
	var port uint16
	var shard uint32
	var local uint8
	err := c.Each(ctx, ServerSelect{
		What: "read system.clusters",
		SQL: "SELECT host_name, port, shard_num, is_local FROM system.clusters WHERE cluster = ? " +
			"ORDER BY shard_num, replica_num",
		Args: []any{cluster}, Into: []any{&host, &port, &shard, &local}, Begin: func() { list = nil },
	}, func() error {
		list = append(list, member{host, int(port), int(shard) - 1, local != 0})
		return nil
	})
	if err != nil || len(list) > 0 {
		return list, err
	}
	e := &NoClusterError{Server: c.Address(), Cluster: cluster}
	err = c.Each(ctx, ServerSelect{
		What: "read system.clusters", SQL: "SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster",
		Into: []any{&host}, Begin: func() { e.Known = nil },
	}, func() error {
		e.Known = append(e.Known, host)
		return nil
	})
	return nil, errors.Join(err, e)
}
